from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from pliant.errors import CheckpointError
from pliant.exporter.checkpoint import read_checkpoint
from pliant.exporter.weights import zipped as module
from tests.exporter.weights.crafted import Claim, Filed, zipped
from tests.exporter.weights.limits import refusal

WEIGHTS = {"conv.weight": torch.arange(24.0).reshape(2, 3, 2, 2), "conv.bias": torch.zeros(5000)}


def test_a_checkpoint_that_was_zipped_again_is_read(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "w.pth")
    with zipfile.ZipFile(tmp_path / "w.pth") as old, zipfile.ZipFile(tmp_path / "z.pth", "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert (tmp_path / "z.pth").stat().st_size < 5000
    found, _ = read_checkpoint(tmp_path / "z.pth")
    assert all(torch.equal(found[name], tensor) for name, tensor in WEIGHTS.items())


@pytest.mark.parametrize("where", ["data/0", "data/1", "data.pkl", "other"])
def test_a_zip_bomb(tmp_path: Path, where: str) -> None:
    files = {"data/0": bytes(16), where: bytes(150 << 20)}
    value = {"w": Claim((2, 2), (2, 1))}
    if where == "data.pkl":
        files = {"data/0": bytes(16)}
        value = b"\x80\x02" + b"N0" * (75 << 20)
    path = zipped(tmp_path / "w.pth", value, files, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 400_000
    assert "it would unpack from" in refusal(path)


def test_a_bomb_of_many_names_of_one_entry(tmp_path: Path) -> None:
    """As in https://www.bamsoftware.com/hacks/zipbomb/: many entries share their bytes."""
    path = zipped(tmp_path / "w.pth", {"w": Claim((2, 2), (2, 1))}, {"data/0": bytes(16), "data/1": bytes(16)})
    data = path.read_bytes()
    first, second = [k for k in range(len(data)) if data[k : k + 4] == b"PK\1\2"][1:3]
    shared = data[first + 42 : first + 46]
    path.write_bytes(data[: second + 42] + shared + data[second + 46 :])
    assert "overlap" in refusal(path)


def test_two_entries_of_one_name(tmp_path: Path) -> None:
    path = zipped(tmp_path / "w.pth", {"w": Claim((2, 2), (2, 1))})
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/data/0", bytes(range(16)))
    assert "two files in it have the same name" in refusal(path)


def test_a_list_of_files_of_absurd_length(tmp_path: Path) -> None:
    path = zipped(tmp_path / "w.pth", {"w": Claim((2, 2), (2, 1))})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rfind(b"PK\5\6") + 12, 0x7FFFFFFF)
    path.write_bytes(data)
    assert "its list of files takes 2147483647 bytes" in refusal(path)


def test_an_archive_with_a_64_bit_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As there is of more than 65535 files, or of 4 GiB."""
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 8)
    path = zipped(tmp_path / "w.pth", {"w": Claim((2, 2), (2, 1))})
    monkeypatch.undo()
    assert b"PK\6\6" in path.read_bytes()
    assert set(read_checkpoint(path)[0]) == {"w"}
    data = bytearray(path.read_bytes())
    struct.pack_into("<Q", data, data.rfind(b"PK\6\6") + 40, 1 << 40)
    path.write_bytes(data)
    assert "its list of files takes" in refusal(path)


@pytest.mark.parametrize("claimed", [0, 15, 1 << 31])
def test_a_size_that_is_not_true(tmp_path: Path, claimed: int) -> None:
    """The size of the compressed storage, as the list of files gives it."""
    path = zipped(tmp_path / "w.pth", {"w": Claim((2, 2), (2, 1))}, None, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    entry = [k for k in range(len(data)) if data[k : k + 4] == b"PK\1\2"][1]
    struct.pack_into("<I", data, entry + 24, claimed)
    path.write_bytes(data)
    refusal(path)


@pytest.mark.parametrize(("method", "flags"), [(zipfile.ZIP_LZMA, 0), (zipfile.ZIP_BZIP2, 0), (0, 1)])
def test_other_compressions_and_encryption(tmp_path: Path, method: int, flags: int) -> None:
    path = zipped(tmp_path / "w.pth", {"w": Claim((2, 2), (2, 1))}, None, method)
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\1\2") + 8] |= flags
    path.write_bytes(data)
    assert "compressed in an unusual way, or encrypted" in refusal(path)


def test_a_byte_that_is_wrong(tmp_path: Path) -> None:
    torch.save({"w": torch.full((100,), 3.25)}, tmp_path / "w.pth")
    data = bytearray((tmp_path / "w.pth").read_bytes())
    data[data.find(struct.pack("<ff", 3.25, 3.25)) + 40] ^= 1
    (tmp_path / "w.pth").write_bytes(data)
    assert "data/0 in it cannot be unpacked" in refusal(tmp_path / "w.pth")


def test_numbers_written_the_other_way_round(tmp_path: Path) -> None:
    path = zipped(tmp_path / "w.pth", {"w": Claim((2, 2), (2, 1))}, {"data/0": bytes(16), "byteorder": b"big"})
    assert "most significant byte first" in refusal(path)


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.95])
def test_a_zip_without_its_end(tmp_path: Path, kept: float) -> None:
    torch.save(WEIGHTS, tmp_path / "w.pth")
    data = (tmp_path / "w.pth").read_bytes()
    (tmp_path / "w.pth").write_bytes(data[: int(len(data) * kept)])
    assert "or it is damaged: a zip without its end; download or copy it again" in refusal(tmp_path / "w.pth")


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_torchscript(tmp_path: Path) -> None:
    network = torch.jit.trace(torch.nn.Conv2d(1, 1, 3), torch.rand(1, 1, 8, 8))
    torch.jit.save(network, tmp_path / "w.pt")
    message = refusal(tmp_path / "w.pt")
    assert "is a TorchScript archive, which holds a program that would have to be run" in message
    assert "torch.save(torch.jit.load('old.pt').state_dict(), 'new.pth')" in message
    torch.save(torch.jit.load(tmp_path / "w.pt").state_dict(), tmp_path / "new.pth")
    assert torch.equal(read_checkpoint(tmp_path / "new.pth")[0]["weight"], network.weight)


def test_an_archive_of_torch_export(tmp_path: Path) -> None:
    network = torch.nn.Linear(2, 3)
    torch.export.save(torch.export.export(network, (torch.rand(1, 2),)), tmp_path / "w.pt2")
    message = refusal(tmp_path / "w.pt2")
    assert "is an archive of torch.export" in message
    assert "torch.save(torch.export.load('old.pt2').state_dict, 'new.pth')" in message
    torch.save(torch.export.load(tmp_path / "w.pt2").state_dict, tmp_path / "new.pth")
    assert torch.equal(read_checkpoint(tmp_path / "new.pth")[0]["weight"], network.weight)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["weights/net.pth"], "an archive with weights in it; unpack it"),
        (["x.safetensors"], "an archive with weights in it; unpack it"),
        (["w.npy", "b.npy"], "an archive of numpy arrays"),
        (["word/document.xml", "a\x1b[2J\n"], "a zip of other things (word/document.xml, a?[2J?)"),
        ([], "a zip of other things (none)"),
        (["a/data.pkl", "b/data.pkl"], "it holds two checkpoints"),
    ],
)
def test_other_archives(tmp_path: Path, names: list[str], words: str) -> None:
    with zipfile.ZipFile(tmp_path / "w.pth", "w") as archive:
        for name in names:
            archive.writestr(name, b"x" * 10)
    assert words in refusal(tmp_path / "w.pth")


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (Claim((1 << 40,), (1,)), "claims 1099511627776 numbers, the last at 1099511627775, from a storage of 4"),
        (Claim((1 << 20, 1 << 20), (1 << 20, 1), storage=Filed(count=1 << 40)), "bytes, and 16 are there"),
        (Claim((1 << 40,), (0,)), "its tensors claim 4398046511104 bytes of 16 that are there"),
        (Claim((1 << 61,) * 16, (0,) * 16), "its tensors claim"),
        (Claim((-2, -2), (2, 1)), "a shape, strides or an offset that no tensor has"),
        (Claim((2, 2), (-2, 1), 3), "a shape, strides or an offset that no tensor has"),
        (Claim((4,), (1,), -1), "a shape, strides or an offset that no tensor has"),
        (Claim((4,), (1,), 1), "claims 4 numbers, the last at 4, from a storage of 4"),
        (Claim((2, 2), (3, 1)), "claims 4 numbers, the last at 4, from a storage of 4"),
        (Claim((2, 2), (2,)), "do not belong together"),
        (Claim(4, 1), "do not belong together"),
        (Claim((2.0, 2), (2, 1)), "a shape, strides or an offset that no tensor has"),
        (Claim((1,) * 200, (1,) * 200), "a shape, strides or an offset that no tensor has"),
        (Claim((4,), (1,), 10**40), "a shape, strides or an offset that no tensor has"),
        (Claim((4,), (1,), storage=Filed("7")), "the numbers of w are missing"),
        (Claim((4,), (1,), storage=Filed("../data.pkl")), "the numbers of w are missing"),
        (Claim((4,), (1,), storage=Filed(count=-1)), "no kind that there is"),
        (Claim((4,), (1,), storage=Filed(count=10**100)), "no kind that there is"),
        (Claim((4,), (1,), storage=Filed(kind=torch.float32)), "no kind that there is"),
        (Claim((4,), (1,), storage="0"), "no storage"),
    ],
)
def test_absurd_tensors(tmp_path: Path, claim: Any, words: str) -> None:
    assert words in refusal(zipped(tmp_path / "w.pth", {"w": claim}))


def test_many_tensors_of_the_same_bytes(tmp_path: Path) -> None:
    claims = {f"w{k}": Claim((500, 1000), (1000, 1), storage=Filed(count=500_000)) for k in range(300)}
    path = zipped(tmp_path / "w.pth", claims, {"data/0": bytes(2_000_000)})
    assert "its tensors claim 600000000 bytes of 2000000 that are there" in refusal(path)


def test_views_that_networks_have(tmp_path: Path) -> None:
    """Tied, transposed, expanded, empty and of rank 0."""
    whole = torch.rand(6, 4)
    expected = {"a": whole, "b": whole[2:, 1], "c": whole.T, "d": torch.ones(1).expand(64), "e": torch.ones(0, 3)}
    expected |= {"f": torch.tensor(2.5), "g": whole[1:1]}
    torch.save(expected, tmp_path / "w.pth")
    found, _ = read_checkpoint(tmp_path / "w.pth")
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    assert found["a"].untyped_storage().data_ptr() == found["c"].untyped_storage().data_ptr()


def test_only_wanted_tensors_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"state": {0: {"exp_avg": torch.rand(1000)}}}
    torch.save({"state_dict": {"w": torch.rand(7)}, "optimizer": state}, tmp_path / "w.pth")
    counts: list[int] = []
    kept = module.read_exactly

    def counted(source: Any, count: int) -> bytearray:
        counts.append(count)
        return kept(source, count)

    monkeypatch.setattr(module, "read_exactly", counted)
    assert set(read_checkpoint(tmp_path / "w.pth")[0]) == {"w"}
    assert 28 in counts
    assert 4000 not in counts


def test_weights_of_more_than_one_file_can_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pliant.exporter.weights.stored.MOST_BYTES", 1 << 20)
    torch.save({"w": torch.zeros(1 << 19)}, tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="2 MiB of weights, more than the 1 MiB"):
        read_checkpoint(tmp_path / "w.pth")
