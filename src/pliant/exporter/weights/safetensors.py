"""`.safetensors` files: the length of a header, the header (JSON), and the numbers.

The format is that of https://github.com/huggingface/safetensors: every tensor has a type, a shape and the place of its
bytes, and together they cover what follows the header exactly.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

import torch

from pliant.exporter.weights.stored import (
    MOST_AXES,
    Content,
    Damaged,
    Storage,
    Stored,
    Withheld,
    apart,
    is_length,
    read_exactly,
    shown,
)

MOST_HEADER = 16 << 20
DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "U16": torch.uint16,
    "U32": torch.uint32,
    "U64": torch.uint64,
    "BOOL": torch.bool,
    "C64": torch.complex64,
}


def read_safetensors(file: BinaryIO, size: int) -> Content:
    """The content of a file of `size` bytes. Raises Damaged."""
    (length,) = struct.unpack("<Q", read_exactly(file, 8))
    if length > min(MOST_HEADER, size - 8):
        raise Damaged(f"its header should have {length} bytes, and the file has {size}")
    try:
        header = json.loads(bytes(read_exactly(file, length)).decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        if isinstance(error, Damaged):
            raise
        raise Damaged(f"its header is not JSON: {shown(error)}") from error
    if not isinstance(header, dict):
        raise Damaged("its header is no list of tensors")
    facts = header.pop("__metadata__", {})
    if not isinstance(facts, dict) or not all(isinstance(v, str) for v in facts.values()):
        raise Damaged("its metadata are not texts")
    start = 8 + length
    places = {name: place(name, entry) for name, entry in header.items()}
    apart(((a + start, b + start, name) for name, (a, b) in places.items()), size)
    covered = max((b for _, b in places.values()), default=0)
    if sum(b - a for a, b in places.values()) != covered or start + covered != size:
        raise Damaged(f"its tensors take {covered} bytes, and {size - start} follow the header")

    def fetch(key: str) -> bytearray:
        file.seek(start + places[key][0])
        return read_exactly(file, places[key][1] - places[key][0])

    value = {name: described(name, entry, places[name]) for name, entry in header.items()}
    return Content(value, lambda key: places[key][1] - places[key][0], fetch, facts)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dictionary of pairs. Raises Damaged if a name comes twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Damaged("its header gives a name twice")
    return found


def place(name: str, entry: Any) -> tuple[int, int]:
    """Where the bytes of a tensor are after the header. Raises Damaged for anything but two numbers."""
    match entry:
        case {"data_offsets": [int(first), int(last)], "dtype": str(), "shape": list()} if is_length(
            first
        ) and is_length(last):
            return first, last
        case _:
            raise Damaged(f"its header says nothing usable about {shown(name)}")


def described(name: str, entry: dict[str, Any], where: tuple[int, int]) -> Stored | Withheld:
    """A tensor, its numbers one after another. Raises Damaged if they are more or fewer than its shape says."""
    dtype, shape = DTYPES.get(entry["dtype"]), entry["shape"]
    if dtype is None:
        return Withheld(f"of the type {shown(entry['dtype'])}")
    if len(shape) > MOST_AXES or not all(map(is_length, shape)):
        raise Damaged(f"{shown(name)} has a shape that no tensor has")
    count, stride = 1, [0] * len(shape)
    for axis in reversed(range(len(shape))):
        stride[axis], count = count, count * shape[axis]
    there = where[1] - where[0]
    if count * dtype.itemsize != there:
        raise Damaged(f"{shown(name)} claims {shown(count)} numbers of {entry['dtype']}, and {there} bytes are there")
    return Stored(Storage(name, dtype, count), dtype, 0, tuple(shape), tuple(stride))
