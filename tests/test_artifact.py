from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import pytest

from pliant.artifact import CONTRACT_KEY, STAMPS_KEY, Artifact, read_metadata, read_model, write_atomically
from pliant.contract import Contract
from pliant.errors import InputError
from tests.support import fixed_model, live_model

STAMPS = ({"engine": "onnxruntime", "größe": 3}, {"engine": "ncnn", "passed": True})


def with_metadata(**entries: str) -> bytes:
    model = onnx.load_from_string(fixed_model())
    for key, value in entries.items():
        model.metadata_props.add(key=key.replace("_", "."), value=value)
    return model.SerializeToString()


def test_onnxruntime_reads_the_contract(tmp_path: Path) -> None:
    artifact = replace(live_model(1, 4), stamps=STAMPS)
    session = onnxruntime.InferenceSession(str(artifact.save(tmp_path / "m.onnx")))
    found = session.get_modelmeta().custom_metadata_map
    assert set(found) == {CONTRACT_KEY, STAMPS_KEY}
    assert Contract.from_json(found[CONTRACT_KEY]) == artifact.contract


def test_load_gives_back_what_was_saved(tmp_path: Path) -> None:
    artifact = replace(live_model(1, 4), stamps=STAMPS)
    path = artifact.save(str(tmp_path / "m.onnx"))
    assert path == tmp_path / "m.onnx"
    assert Artifact.load(path) == artifact


def test_the_file_is_standard_onnx(tmp_path: Path) -> None:
    path = live_model().save(tmp_path / "m.onnx")
    onnx.checker.check_model(onnx.load(path), full_check=True)
    assert read_metadata(read_model(path)) == {p.key: p.value for p in onnx.load(path).metadata_props}


def test_saving_twice_does_not_add_metadata(tmp_path: Path) -> None:
    path = live_model().save(tmp_path / "m.onnx")
    again = Artifact.load(path)
    assert again is not None
    assert again.to_bytes() == path.read_bytes()


def test_metadata_of_others_is_kept() -> None:
    data = Artifact(with_metadata(author="someone"), live_model().contract).to_bytes()
    artifact = Artifact.from_bytes(data)
    assert artifact is not None
    assert read_metadata(artifact.model) == {"author": "someone"}


def test_a_file_without_a_contract_is_none(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(fixed_model())
    assert Artifact.load(tmp_path / "m.onnx") is None


def test_fingerprint_depends_on_the_model_alone() -> None:
    one, other = live_model(1, 4), live_model(1, 8)
    assert one.contract != other.contract
    assert one.fingerprint == other.fingerprint == replace(one, stamps=STAMPS).fingerprint
    assert one.fingerprint != replace(one, model=fixed_model()).fingerprint
    assert len(bytes.fromhex(one.fingerprint)) == 32


def test_fingerprint_survives_the_file(tmp_path: Path) -> None:
    artifact = live_model()
    loaded = Artifact.load(artifact.save(tmp_path / "m.onnx"))
    assert loaded is not None
    assert loaded.fingerprint == artifact.fingerprint


def test_save_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "m.onnx"
    target.write_text("old")
    live_model().save(target)
    assert Artifact.load(target) == live_model()
    assert os.listdir(tmp_path) == ["m.onnx"]


@pytest.mark.parametrize("broken", ["os.replace", "os.fdopen"])
def test_a_failed_save_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def fail(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    target = tmp_path / "m.onnx"
    target.write_text("old")
    monkeypatch.setattr(broken, fail)
    with pytest.raises(InputError, match=r"m\.onnx cannot be written: No space left on device"):
        live_model().save(target)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["m.onnx"]


def test_an_interrupted_save_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    target = tmp_path / "m.onnx"
    target.write_text("old")
    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        live_model().save(target)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["m.onnx"]


def test_the_file_has_ordinary_permissions(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_the_umask_is_never_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to the process: files that other threads make at that moment would get other permissions."""
    monkeypatch.setattr("os.umask", lambda mask: pytest.fail("the umask was changed"))
    write_atomically(tmp_path / "a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"/nothing cannot be written to: No such file or directory\. Choose another"):
        live_model().save(tmp_path / "nothing" / "m.onnx")
    assert os.listdir(tmp_path) == []


def test_a_forbidden_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pliant.artifact.os.open", refuse)  # root may write anywhere
    with pytest.raises(InputError, match=r"cannot be written to: Permission denied\. Choose another folder"):
        live_model().save(tmp_path / "m.onnx")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"):
        live_model().save(tmp_path / "m.onnx")


def test_a_folder_cannot_be_overwritten(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").mkdir()
    with pytest.raises(InputError, match=r"m\.onnx cannot be written: Is a directory"):
        live_model().save(tmp_path / "m.onnx")
    assert os.listdir(tmp_path) == ["m.onnx"]


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"\x89PNG\r\n\x1a\n", bytes(100), fixed_model()[:-9]],
    ids=["0", "text", "png", "nul", "cut"],
)
def test_what_is_not_onnx(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(InputError, match=rf"m\.onnx is not an ONNX model, or it is damaged \({len(data)} bytes\)"):
        Artifact.load(tmp_path / "m.onnx")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no file .*nothing\.onnx; give the path"):
        Artifact.load(tmp_path / "nothing.onnx")
    with pytest.raises(InputError, match=r" is a folder; give the path"):
        Artifact.load(tmp_path)


@pytest.mark.parametrize(
    "entries",
    [
        {CONTRACT_KEY: "{"},
        {CONTRACT_KEY: '{"version": 99}'},
        {CONTRACT_KEY: live_model().contract.to_json(), STAMPS_KEY: "nothing"},
        {CONTRACT_KEY: "[]"},
        {CONTRACT_KEY: live_model().contract.to_json(), STAMPS_KEY: "5"},
    ],
    ids=["no json", "version", "stamps", "no object", "no list of stamps"],
)
def test_a_bad_contract_is_an_input_error(entries: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"The contract in some\.onnx cannot be read \(.+\)\. Export the model again"):
        Artifact.from_bytes(with_metadata(**entries), "some.onnx")
