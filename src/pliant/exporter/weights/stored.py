"""Tensors as a file describes them, the checks of what it claims, and their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO

import torch
from torch import Tensor

MOST_BYTES = 4 << 30  # of wanted weights: twice what one ONNX file can hold
SPARE_BYTES = 64 << 20  # what a small file may claim beyond its size
MOST_TIMES = 4  # how often a byte may be part of a tensor: tied weights share theirs
MOST_AXES = 16
CHUNK = 1 << 22


class Damaged(ValueError):  # noqa: N818 - it is the file that is damaged
    """A file is not what its own description says; the text is a phrase that says how."""


@dataclass(frozen=True)
class Storage:
    """A run of `count` numbers in a container, `start` numbers into the bytes filed under `key`."""

    key: str
    dtype: torch.dtype
    count: int
    start: int = 0


@dataclass(frozen=True, eq=False)
class Stored:
    """A tensor as a file describes it: places in a storage, in elements of `dtype`."""

    storage: Storage
    dtype: torch.dtype
    offset: Any
    shape: Any
    stride: Any


@dataclass(frozen=True, eq=False)
class Withheld:
    """A tensor that is no plain array of numbers, such as a sparse one; `kind` says which."""

    kind: str


@dataclass(frozen=True)
class Content:
    """What a container holds.

    `value` is what was saved, with `Stored` and `Withheld` for its tensors; `size(key)` is the number of bytes that
    really lie under a key (KeyError if none do) and `fetch(key)` reads them.
    """

    value: Any
    size: Callable[[str], int]
    fetch: Callable[[str], bytearray]
    facts: Mapping[str, str]


def shown(text: Any) -> str:
    """A text of a file as a message can show it: one line, not long, and nothing that a terminal obeys."""
    return "".join(c if c.isprintable() else "?" for c in str(text)[:60])


def read_exactly(source: BinaryIO, count: int) -> bytearray:
    """The next `count` bytes. Raises Damaged if there are fewer."""
    buffer = bytearray(count)
    view, at = memoryview(buffer), 0
    while at < count:
        got = source.readinto(view[at : at + CHUNK])  # type: ignore[attr-defined]
        if not got:
            raise Damaged(f"it ends {count - at} bytes too early")
        at += got
    return buffer


def apart(pieces: Iterable[tuple[int, int, str]], end: int) -> None:
    """See that pieces (first byte, byte after the last, name) lie in a file of `end` bytes without overlapping.

    Raises Damaged if they do not.
    """
    ordered = sorted(pieces)
    for first, last, name in ordered:
        if not 0 <= first <= last <= end:
            raise Damaged(f"{shown(name)} should be at bytes {first} to {last}, and there are {end}")
    for (_, last, name), (first, _, other) in pairwise(ordered):
        if first < last:
            raise Damaged(f"{shown(name)} and {shown(other)} overlap")


def is_length(number: Any) -> bool:
    """Whether a value of a file can be a number of things: whole, and below 2^62."""
    return type(number) is int and 0 <= number < 1 << 62


def check(name: str, tensor: Stored, size: Callable[[str], int]) -> int:
    """See that a described tensor lies within its storage, and that within its container; the number of its bytes.

    Raises Damaged if it does not.
    """
    storage, shape, stride = tensor.storage, tensor.shape, tensor.stride
    if not isinstance(shape, tuple | list) or not isinstance(stride, tuple | list) or len(shape) != len(stride):
        raise Damaged(f"{shown(name)} has a shape and strides that do not belong together")
    if len(shape) > MOST_AXES or not all(map(is_length, (*shape, *stride, tensor.offset))):
        raise Damaged(f"{shown(name)} has a shape, strides or an offset that no tensor has")
    elements = 1
    for length in shape:
        elements *= length
    last = tensor.offset + sum((n - 1) * s for n, s in zip(shape, stride, strict=True)) if elements else -1
    width, own = storage.dtype.itemsize, tensor.dtype.itemsize
    if (last + 1) * own > storage.count * width:
        claim = f"claims {shown(elements)} numbers, the last at {shown(last)},"
        raise Damaged(f"{shown(name)} {claim} from a storage of {storage.count}")
    try:
        there = size(storage.key)
    except KeyError:
        raise Damaged(f"the numbers of {shown(name)} are missing") from None
    if (storage.start + storage.count) * width > there:
        raise Damaged(f"{shown(name)} needs {(storage.start + storage.count) * width} bytes, and {there} are there")
    return elements * own


def materialised(tensors: Mapping[str, Stored], content: Content) -> dict[str, Tensor]:
    """The described tensors with their numbers; those that share a storage in the file share memory.

    Raises Damaged for a claim that is not true, before anything is read.
    """
    claimed = sum(check(name, tensor, content.size) for name, tensor in tensors.items())
    there = sum(content.size(key) for key in {t.storage.key for t in tensors.values()})
    if there > MOST_BYTES:
        raise Damaged(f"it holds {there >> 20} MiB of weights, more than the {MOST_BYTES >> 20} MiB that are read")
    if claimed > MOST_TIMES * there + SPARE_BYTES:
        raise Damaged(f"its tensors claim {claimed} bytes of {there} that are there")
    read: dict[str, bytearray] = {}
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        key = tensor.storage.key
        if key not in read:
            read[key] = content.fetch(key)
        found[name] = _tensor(tensor, read[key])
    return found


def _tensor(tensor: Stored, data: bytearray) -> Tensor:
    storage, width = tensor.storage, tensor.storage.dtype.itemsize
    if 0 in tensor.shape:
        return torch.empty(tuple(tensor.shape), dtype=tensor.dtype)
    raw = torch.frombuffer(data, dtype=torch.uint8)[storage.start * width : (storage.start + storage.count) * width]
    whole = raw[: raw.numel() // tensor.dtype.itemsize * tensor.dtype.itemsize].view(tensor.dtype)
    return whole.as_strided(tuple(tensor.shape), tuple(tensor.stride), whole.storage_offset() + tensor.offset)
