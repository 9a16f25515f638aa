from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from pliant.errors import CheckpointError
from pliant.exporter.checkpoint import read_checkpoint
from pliant.exporter.weights.safetensors import DTYPES
from tests.exporter.weights.crafted import safetensors
from tests.exporter.weights.limits import refusal


def entry(first: int = 0, last: int = 16, shape: Any = (4,), dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [first, last]}


def test_every_type_is_what_safetensors_reads(tmp_path: Path) -> None:
    numbers = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    save_file({name: numbers.to(dtype) for name, dtype in DTYPES.items() if name[0] != "U"}, tmp_path / "w.safetensors")
    found, _ = read_checkpoint(tmp_path / "w.safetensors")
    expected = load_file(tmp_path / "w.safetensors")
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name].to(torch.complex64), tensor.to(torch.complex64))


@pytest.mark.parametrize("name", ["w.pth", "w.ckpt", "w.bin", "w"])
def test_whatever_its_name_is(tmp_path: Path, name: str) -> None:
    save_file({"a": torch.arange(3.0)}, tmp_path / name, metadata={"scale": "4"})
    found, facts = read_checkpoint(tmp_path / name)
    assert found["a"].tolist() == [0, 1, 2]
    assert facts == {"scale": "4"}


@pytest.mark.parametrize(
    ("header", "data", "length", "words"),
    [
        ({"a": entry()}, bytes(16), 1 << 39, "its header should have 549755813888 bytes, and the file has"),
        ({"a": entry()}, bytes(16), (1 << 64) - 1, "its header should have 18446744073709551615 bytes"),
        ({"a": entry()}, bytes(16), 20, "its header is not JSON"),
        ("{", b"", None, "its header is not JSON"),
        ('{"a":' * 100_000, b"", None, "its header is not JSON"),
        ('{"a": ' + "9" * 10_000 + "}", b"", None, "its header is not JSON"),
        ('{"a": NaN}', b"", None, "nothing usable about a"),
        ({"a": entry(), "b": entry(8, 24)}, bytes(24), None, "a and b overlap"),
        ({"a": entry(), "b": entry()}, bytes(16), None, "a and b overlap"),
        ({"a": entry(), "b": entry(20, 36)}, bytes(36), None, "its tensors take 36 bytes, and 36 follow the header"),
        ({"a": entry()}, bytes(20), None, "its tensors take 16 bytes, and 20 follow the header"),
        ({"a": entry()}, bytes(15), None, "a should be at bytes"),
        ({"a": entry(16, 0)}, bytes(16), None, "a should be at bytes"),
        ({"a": entry(-16, 0)}, bytes(16), None, "nothing usable about a"),
        ({"a": entry(0, 10**30)}, bytes(16), None, "nothing usable about a"),
        ({"a": entry(shape=(1 << 40,))}, bytes(16), None, "a claims 1099511627776 numbers of F32, and 16 bytes are"),
        ({"a": entry(shape=(1 << 61,) * 16)}, bytes(16), None, "a claims"),
        ({"a": entry(shape=(2, 3))}, bytes(16), None, "a claims 6 numbers of F32, and 16 bytes are there"),
        ({"a": entry(shape=(-2, -2))}, bytes(16), None, "a shape that no tensor has"),
        ({"a": entry(shape=(1,) * 100)}, bytes(16), None, "a shape that no tensor has"),
        ({"a": entry(shape=(2.0, 2))}, bytes(16), None, "a shape that no tensor has"),
        ({"a": entry(dtype="F64")}, bytes(16), None, "a claims 4 numbers of F64, and 16 bytes are there"),
        ({"a": entry(dtype="F4")}, bytes(16), None, "the tensor a is of the type F4"),
        ({"a": {"dtype": "F32", "shape": [4]}}, bytes(16), None, "nothing usable about a"),
        ({"\x1b[2J\n" * 50: 3}, bytes(16), None, "nothing usable about ?[2J??[2J?"),
        ({"a": entry(), "__metadata__": {"x": 3}}, bytes(16), None, "its metadata are not texts"),
        ({"a": entry(), "__metadata__": []}, bytes(16), None, "its metadata are not texts"),
        ('{"a": 1, "a": 2}', b"", None, "its header gives a name twice"),
        ({"n" * (1 << 20): entry()}, bytes(16), None, "names of up to 1048576 letters"),
    ],
    ids=str,
)
def test_headers_that_lie(tmp_path: Path, header: Any, data: bytes, length: int | None, words: str) -> None:
    assert words in refusal(safetensors(tmp_path / "w.safetensors", header, data, length))


def test_a_header_that_is_too_long(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "w.safetensors", json.dumps({"a": entry()}) + " " * (17 << 20), bytes(16))
    assert "its header should have" in refusal(path)


def test_a_terabyte_that_is_mostly_a_hole(tmp_path: Path) -> None:
    """Sparse files are cheap to make; this one is whole, as its header says."""
    path = tmp_path / "w.safetensors"
    size = 1 << 36
    safetensors(path, {"a": entry(0, size, (size // 4,))})
    with path.open("r+b") as opened:
        opened.truncate(path.stat().st_size + size)
    assert "65536 MiB of weights, more than the 4096 MiB that are read" in refusal(path)


@given(st.data())
def test_a_changed_file_is_refused_or_read_as_safetensors_does(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.safetensors"
    save_file({"a": torch.arange(4.0), "b": torch.ones(2, 3, dtype=torch.int32)}, path)
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        found, _ = read_checkpoint(path)
    except CheckpointError:
        return
    try:
        expected = load_file(path)
    except SafetensorError:
        pytest.fail(f"read what safetensors refuses: {bytes(content)!r}")
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_only_the_first_bytes_decide(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", 1 << 62) + b"{" + bytes(100))
    assert "its header should have" in refusal(tmp_path / "w.safetensors")
