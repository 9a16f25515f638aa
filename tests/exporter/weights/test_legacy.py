from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from pliant.exporter.checkpoint import read_checkpoint
from tests.exporter.weights.crafted import Claim, Filed, legacy
from tests.exporter.weights.limits import refusal

STORAGE = struct.pack("<q", 4) + struct.pack("<4f", 1, 2, 3, 4)


def four(place: Any) -> Any:
    return {"w": Claim((4,), (1,), 0, place)}


def test_a_file_made_by_hand(tmp_path: Path) -> None:
    found, _ = read_checkpoint(legacy(tmp_path / "w.pth", four, storages=STORAGE))
    assert found["w"].tolist() == [1, 2, 3, 4]


def test_a_view_of_a_storage(tmp_path: Path) -> None:
    def value(place: Filed) -> Any:
        place.place = (*place.place[:5], ("view", 1, 2))
        return {"w": Claim((2,), (1,), 0, place)}

    assert read_checkpoint(legacy(tmp_path / "w.pth", value, storages=STORAGE))[0]["w"].tolist() == [2, 3]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool])
def test_types_and_storages_beside_the_weights(tmp_path: Path, dtype: torch.dtype) -> None:
    expected = torch.tensor([0, 1, 1]).to(dtype)
    beside = {"sparse": torch.eye(3).to_sparse(), "moments": torch.rand(5)}
    content = {"optimizer": beside, "state_dict": {"w": expected, "v": torch.rand(2, 3)}}
    torch.save(content, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    found, _ = read_checkpoint(tmp_path / "w.pth")
    assert found["w"].dtype == dtype
    assert torch.equal(found["w"], expected)
    assert torch.equal(found["v"], content["state_dict"]["v"])


@pytest.mark.parametrize(
    ("keys", "storages", "words"),
    [
        (("0",), struct.pack("<q", 1 << 60) + bytes(16), "a storage of 4611686018427387904 bytes should follow"),
        (("0",), struct.pack("<q", -1) + bytes(16), "a storage of -4 bytes should follow"),
        (("0",), struct.pack("<q", 3) + bytes(16), "w needs 16 bytes, and 12 are there"),
        (("0",), struct.pack("<q", 4) + bytes(15), "a storage of 16 bytes should follow, and 15 are left"),
        (("0",), b"\4\0\0", "it ends 5 bytes too early"),
        ((), b"", "the numbers of w are missing"),
        (("1",), STORAGE, "its list of storages is not that of its tensors"),
        (("0", "0"), STORAGE * 2, "its list of storages is not that of its tensors"),
    ],
)
def test_storages_that_are_not_there(tmp_path: Path, keys: Any, storages: bytes, words: str) -> None:
    assert words in refusal(legacy(tmp_path / "w.pth", four, keys, storages))


@pytest.mark.parametrize("view", [("v", 3, 2), ("v", -1, 2), ("v", 0, 10**30), ("v",), "v"])
def test_a_view_that_leaves_its_storage(tmp_path: Path, view: Any) -> None:
    def value(place: Filed) -> Any:
        place.place = (*place.place[:5], view)
        return {"w": Claim((2,), (1,), 0, place)}

    assert "no storage of numbers" in refusal(legacy(tmp_path / "w.pth", value))


@pytest.mark.parametrize("kept", [0.1, 0.3, 0.5, 0.8, 0.99])
def test_a_file_that_is_cut(tmp_path: Path, kept: float) -> None:
    torch.save({"a": torch.rand(50), "b": torch.rand(30)}, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    data = (tmp_path / "w.pth").read_bytes()
    (tmp_path / "w.pth").write_bytes(data[: int(len(data) * kept)])
    assert "is not a PyTorch weights file, or it is damaged: " in refusal(tmp_path / "w.pth")


def test_other_protocols_and_byte_orders(tmp_path: Path) -> None:
    data = legacy(tmp_path / "w.pth", four).read_bytes()
    (tmp_path / "w.pth").write_bytes(data.replace(struct.pack("<H", 1001), struct.pack("<H", 1002), 1))
    assert "a protocol that PyTorch never used" in refusal(tmp_path / "w.pth")
    (tmp_path / "w.pth").write_bytes(data.replace(b"little_endianq\x02\x88", b"little_endianq\x02\x89", 1))
    assert "most significant byte first" in refusal(tmp_path / "w.pth")
