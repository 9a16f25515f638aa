from __future__ import annotations

import os
import pickle
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from pliant.architectures.base import PREFIXES, unprefixed
from pliant.errors import CheckpointError
from pliant.exporter.checkpoint import NESTS, plain, read_checkpoint

TENSORS = {"conv.weight": torch.arange(6.0).reshape(2, 3), "conv.bias": torch.tensor([1.0, 2.0])}


class Attack:
    """A pickle of this makes a file when it is loaded."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


def saved(folder: Path, content: Any, name: str = "w.pth", **options: Any) -> Path:
    torch.save(content, folder / name, **options)
    return folder / name


def assert_tensors(path: Path, expected: dict[str, Tensor] = TENSORS) -> None:
    found, _ = read_checkpoint(path)
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def prefixed(prefix: str) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in TENSORS.items()}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_plain_state_dict(tmp_path: Path, zipped: bool) -> None:
    path = saved(tmp_path, TENSORS, _use_new_zipfile_serialization=zipped)
    assert_tensors(path)
    assert read_checkpoint(str(path))[1] == {}


def test_the_state_dict_of_a_module(tmp_path: Path) -> None:
    network = nn.Conv2d(3, 4, 3)
    assert_tensors(saved(tmp_path, network.state_dict()), dict(network.state_dict()))


@pytest.mark.parametrize("nest", NESTS)
def test_nesting_is_removed(tmp_path: Path, nest: str) -> None:
    assert_tensors(saved(tmp_path, {"epoch": 3, nest: TENSORS, "optimizer": {"lr": 0.1}}))


def test_nesting_in_nesting_is_removed(tmp_path: Path) -> None:
    assert_tensors(saved(tmp_path, {"model": {"state_dict": {"net": TENSORS}}}))


def test_averaged_weights_come_first() -> None:
    other = {name: tensor + 1 for name, tensor in TENSORS.items()}
    assert plain({"params": other, "params_ema": TENSORS}, "w") == TENSORS


def test_a_tensor_beside_the_nest_does_not_hide_it() -> None:
    assert plain({"step": torch.tensor(3), "state_dict": TENSORS}, "w") == TENSORS


@pytest.mark.parametrize("prefix", [*PREFIXES, "module.generator.", "generator.module.", "_orig_mod.model.net."])
def test_prefixes_stay_until_an_architecture_is_looked_for(tmp_path: Path, prefix: str) -> None:
    found, _ = read_checkpoint(saved(tmp_path, {"state_dict": prefixed(prefix)}))
    assert list(found) == list(prefixed(prefix))
    assert list(list(unprefixed(found))[-1]) == list(TENSORS)


def test_a_prefix_of_only_some_stays() -> None:
    mixed = {"net.a": torch.ones(1), "b": torch.ones(1)}
    assert [list(state) for state in unprefixed(mixed)] == [["net.a", "b"]]


def test_what_is_no_tensor_is_left_out(tmp_path: Path) -> None:
    assert_tensors(saved(tmp_path, {**TENSORS, "epoch": 3, "name": "net"}))


def test_safetensors_with_facts(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file(prefixed("module."), path, metadata={"residual": "true"})
    found, facts = read_checkpoint(path)
    assert set(found) == set(prefixed("module."))
    assert all(torch.equal(found[name], tensor) for name, tensor in prefixed("module.").items())
    assert facts == {"residual": "true"}


def test_safetensors_without_facts(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "w.safetensors")
    assert read_checkpoint(tmp_path / "w.safetensors")[1] == {}


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_the_case_of_the_suffix_does_not_matter(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "w.SAFETENSORS")
    assert set(read_checkpoint(tmp_path / "w.SAFETENSORS")[0]) == set(TENSORS)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(CheckpointError, match=rf"{name} is a folder; give the path of a weights file \(\.pth"):
        read_checkpoint(tmp_path / name)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_a_missing_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match=rf"There is no file .*/{name}; give the path"):
        read_checkpoint(tmp_path / name)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(CheckpointError, match=rf"{name} is empty; download or copy it again"):
        read_checkpoint(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("hello", "a text"),
        ("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        ("<!DOCTYPE html>", "a web page"),
        ("0", "a text"),
    ],
)
@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_a_text_file(tmp_path: Path, name: str, text: str, what: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(CheckpointError, match=rf"{name} is not a PyTorch weights file but {what}"):
        read_checkpoint(tmp_path / name)


@pytest.mark.parametrize("name", ["w.safetensors", "w.bin", "w.ckpt", "w"])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_what_torch_saved_under_another_name(tmp_path: Path, name: str, zipped: bool) -> None:
    assert_tensors(saved(tmp_path, {"state_dict": TENSORS}, name, _use_new_zipfile_serialization=zipped))


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device(path: str) -> None:
    with pytest.raises(CheckpointError, match=rf"{path} is a device or a pipe, not a file; give the path"):
        read_checkpoint(path)


def test_a_pipe_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="is a device or a pipe, not a file; give the path"):
        read_checkpoint(tmp_path / "w.pth")


def test_links(tmp_path: Path) -> None:
    saved(tmp_path, TENSORS)
    (tmp_path / "good.pth").symlink_to("w.pth")
    assert_tensors(tmp_path / "good.pth")
    (tmp_path / "broken.pth").symlink_to("nothing.pth")
    with pytest.raises(CheckpointError, match=r"broken\.pth is a link to a file that is not there; give"):
        read_checkpoint(tmp_path / "broken.pth")
    (tmp_path / "ring.pth").symlink_to("ring.pth")
    with pytest.raises(CheckpointError, match=r"ring\.pth cannot be read: Too many levels of symbolic links"):
        read_checkpoint(tmp_path / "ring.pth")
    (tmp_path / "zero.pth").symlink_to("/dev/zero")
    with pytest.raises(CheckpointError, match="is a device or a pipe"):
        read_checkpoint(tmp_path / "zero.pth")


@pytest.mark.parametrize("path", ["x" * 5000 + ".pth", "a\0b.pth"])
def test_paths_that_cannot_be(path: str) -> None:
    with pytest.raises(CheckpointError, match="cannot be read") as caught:
        read_checkpoint(path)
    assert len(str(caught.value)) < 400


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, TENSORS)
    path.chmod(0)
    monkeypatch.setattr(os, "access", lambda place, mode: mode != os.R_OK)  # the superuser may read everything
    with pytest.raises(CheckpointError, match=r"w\.pth cannot be read: you lack the permission\.$"):
        read_checkpoint(path)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), MemoryError()])
def test_an_error_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    path = saved(tmp_path, TENSORS)
    monkeypatch.setattr("pliant.exporter.checkpoint.materialised", mock.Mock(side_effect=error))
    with pytest.raises(
        CheckpointError, match=r"w\.pth (cannot be read: Input/output error|needs more memory than there is)"
    ):
        read_checkpoint(path)


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_real_numbers_of_every_type_load_into_a_network(tmp_path: Path, dtype: torch.dtype, suffix: str) -> None:
    weights = {"weight": (torch.arange(-9.0, 9.0) / 8).reshape(2, 1, 3, 3).to(dtype), "bias": torch.ones(2).to(dtype)}
    path = tmp_path / f"w{suffix}"
    if suffix == ".pth":
        torch.save(weights, path)
    else:
        save_file(weights, path)
    network = nn.Conv2d(1, 2, 3)
    network.load_state_dict(read_checkpoint(path)[0])
    assert network.weight.dtype == torch.float32
    assert torch.equal(network.weight, weights["weight"].float())


def test_buffers_of_other_types(tmp_path: Path) -> None:
    network = nn.Sequential(nn.BatchNorm2d(3))
    network.register_buffer("relative_position_index", torch.arange(6).reshape(2, 3))
    network.register_buffer("mask", torch.tensor([[True, False]]))
    network.register_buffer("attn_mask", torch.full((3, 3), float("-inf")).triu(1))
    network.register_buffer("spectrum", torch.ones(3, dtype=torch.complex64))
    assert_tensors(saved(tmp_path, network.state_dict()), dict(network.state_dict()))


@pytest.mark.parametrize(("value", "kind"), [("nan", "NaN"), ("inf", "infinite numbers"), ("-inf", "infinite numbers")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.complex64, torch.float8_e5m2])
def test_numbers_that_are_none(tmp_path: Path, value: str, kind: str, dtype: torch.dtype) -> None:
    bad = torch.tensor([1.0, float(value), 0.5]).to(dtype)
    with pytest.raises(CheckpointError, match=rf"the tensor body\.0\.weight holds {kind}, so the network gives none"):
        read_checkpoint(saved(tmp_path, {"head": torch.ones(3), "body.0.weight": bad}))
    assert_tensors(saved(tmp_path, {"optimizer": {"moments": bad}, "params": TENSORS}, "beside.pth"))


def test_tensors_of_a_gpu(tmp_path: Path) -> None:
    """The tag says where a tensor was; its numbers are read all the same."""
    path = saved(tmp_path, TENSORS, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes().replace(b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:7"))
    assert b"cuda:7" in path.read_bytes()
    assert_tensors(path)


def test_a_lightning_checkpoint(tmp_path: Path) -> None:
    content = {
        "epoch": 3,
        "pytorch-lightning_version": "2.4.0",
        "state_dict": prefixed("model."),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'psnr'}": {"best_model_score": torch.tensor(31.0)}},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.rand(3)}}, "param_groups": [{"lr": 1e-4}]}],
        "lr_schedulers": [{"milestones": Counter([10, 20])}],
        "hyper_parameters": {"scale": 4},
    }
    assert_tensors(saved(tmp_path, content, "w.ckpt"), prefixed("model."))


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_truncated_file(tmp_path: Path, kept: float, zipped: bool) -> None:
    path = saved(tmp_path, {"a": torch.rand(500)}, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(CheckpointError, match=r"w\.pth is not a PyTorch weights file, or it is damaged"):
        read_checkpoint(path)


def test_a_truncated_safetensors_file(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file(TENSORS, path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(
        CheckpointError, match=r"is not a PyTorch weights file, or it is damaged: conv\.weight should be at bytes"
    ):
        read_checkpoint(path)


@given(st.binary(min_size=1, max_size=40))
@example(b"a")
def test_any_bytes_are_refused_in_words(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.pth"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"bytes\.pth "):
        read_checkpoint(path)


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle"])
def test_a_full_pickle_is_refused_and_not_run(tmp_path: Path, form: str) -> None:
    target, path = tmp_path / "attacked", tmp_path / "w.pth"
    content = {"state_dict": TENSORS, "extra": Attack(target)}
    if form == "pickle":
        path.write_bytes(pickle.dumps(content["extra"], protocol=2))
    else:
        saved(tmp_path, content, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(
        CheckpointError, match=r"full pickle: .*asks for posix\.mkdir\).*Convert it.*weights_only=False"
    ):
        read_checkpoint(path)
    assert not target.exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize(
    "protocol",
    [4, 5],
)
def test_pickles_of_other_protocols_get_the_advice(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "w.pth").write_bytes(pickle.dumps(Attack(tmp_path / "attacked"), protocol=protocol))
    with pytest.raises(CheckpointError, match="full pickle"):
        read_checkpoint(tmp_path / "w.pth")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_pickle_is_run(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "w.pth").write_bytes(pickle.dumps(Attack(tmp_path / "attacked"), protocol=protocol))
    with pytest.raises(CheckpointError):
        read_checkpoint(tmp_path / "w.pth")
    assert not (tmp_path / "attacked").exists()


def test_the_attack_of_the_test_above_works(tmp_path: Path) -> None:
    target = tmp_path / "attacked"
    torch.load(saved(tmp_path, Attack(target)), weights_only=False)
    assert target.exists()


def test_a_whole_module_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"asks for torch\.nn\.modules\.conv\.Conv2d\), so it was refused"):
        read_checkpoint(saved(tmp_path, nn.Conv2d(1, 1, 1)))


def test_a_published_full_pickle_is_refused(reference: Path) -> None:
    path = reference / "weights" / "vdsr" / "model_epoch_50.pth"
    with pytest.raises(CheckpointError, match=r"model_epoch_50\.pth is a full pickle: .*\['model'\]\.state_dict\(\)"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "got"),
    [
        ({}, "got a dictionary with nothing"),
        ({"epoch": 3, "lr": 0.1}, "got a dictionary with epoch, lr"),
        ({"state_dict": {}}, "got a dictionary with state_dict"),
        ({"state_dict": {"epoch": 3}}, "got a dictionary with state_dict"),
        ([1, 2], "got an object of type list"),
        (torch.ones(3), "got an object of type Tensor"),
        (None, "got an object of type NoneType"),
    ],
)
def test_a_checkpoint_without_weights(tmp_path: Path, content: Any, got: str) -> None:
    with pytest.raises(
        CheckpointError,
        match=rf"w\.pth holds no weights: expected .* one of model_state_dict, state_dict.*; {got}",
    ):
        read_checkpoint(saved(tmp_path, content))


def test_safetensors_without_tensors(tmp_path: Path) -> None:
    save_file({}, tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match="holds no weights"):
        read_checkpoint(tmp_path / "w.safetensors")


def test_published_weights_are_read(reference: Path) -> None:
    found, facts = read_checkpoint(reference / "tutorial" / "srcnn.pth")
    assert tuple(found["generator.conv1.weight"].shape) == (64, 3, 9, 9)
    assert facts == {}
