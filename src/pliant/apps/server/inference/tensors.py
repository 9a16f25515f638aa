"""Tensors in JSON and in binary, from and to arrays; what does not fit is refused, never rounded or cut.

Source: Open Inference Protocol, "Tensor Data", and its extension "Binary Tensor Data".
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.apps.server.inference.datatypes import little
from pliant.apps.server.problems import Problem

Array = NDArray[Any]
PIECE = 1 << 14  # numbers that are written at once; other threads get their turn between them


def checked_shape(given: Sequence[object], dtype: str, of: str) -> tuple[int, ...]:
    """Raises Problem (400) unless they are lengths that an array could have; `of` names the tensor in messages."""
    lengths = [length for length in given if type(length) is int and length >= 0]
    if len(lengths) != len(given):
        raise Problem(400, f"The shape of {of} is not an array of whole numbers from 0 on.")
    if len(lengths) > 16 or prod(max(1, length) for length in lengths) * little(dtype).itemsize > sys.maxsize:
        raise Problem(400, f"The shape of {of} is that of no tensor: it has more bytes than there can be.")
    return tuple(lengths)


def from_binary(data: memoryview, dtype: str, shape: tuple[int, ...], of: str) -> Array:
    """The array that the bytes are; they are copied only where the processor needs that. Raises Problem (400)."""
    needed = prod(shape) * little(dtype).itemsize
    if len(data) != needed:
        raise Problem(400, f"The binary data of {of} has {len(data):,} bytes, but its shape needs {needed:,}.")
    if dtype == "bool" and np.frombuffer(data, np.uint8).max(initial=0) > 1:
        raise Problem(400, f"The binary data of {of} has bytes that are neither 0 nor 1.")
    found = np.frombuffer(data, little(dtype)).reshape(shape)
    return np.require(found.astype(np.dtype(dtype), copy=False), requirements=["C", "A"])


def from_json(data: object, dtype: str, shape: tuple[int, ...], of: str) -> Array:
    """The array that nested or flat lists are, row by row. Raises Problem (400)."""
    flat = _flat(data, shape, of)
    if len(flat) != (count := prod(shape)):
        raise Problem(400, f"'data' of {of} has {len(flat):,} elements, but its shape needs {count:,}.")
    make = {"b": _truths, "i": _whole, "u": _whole, "f": _floats}[np.dtype(dtype).kind]
    return make(flat, np.dtype(dtype), of).reshape(shape)


def _flat(data: object, shape: tuple[int, ...], of: str) -> list[Any]:
    if not shape and type(data) is not list:
        return [data]
    if type(data) is not list:
        raise Problem(400, f"'data' of {of} is not an array.")
    if not data or type(data[0]) is not list:
        return data
    rows: list[Any] = data
    for axis, length in enumerate(shape[1:], 1):
        if any(type(row) is not list or len(row) != length for row in rows):
            raise Problem(400, f"'data' of {of} is not nested as its shape says: axis {axis} has {length} elements.")
        rows = list(chain.from_iterable(rows))
    return rows


def _truths(flat: list[Any], dtype: np.dtype[Any], of: str) -> Array:
    _check_kinds(flat, {bool}, "true and false", of)
    return np.array(flat, dtype)


def _whole(flat: list[Any], dtype: np.dtype[Any], of: str) -> Array:
    _check_kinds(flat, {int}, "whole numbers", of)
    limits = np.iinfo(dtype)
    if flat and (min(flat) < limits.min or max(flat) > limits.max):
        raise _unfit(dtype, of)
    return np.array(flat, dtype)


def _floats(flat: list[Any], dtype: np.dtype[Any], of: str) -> Array:
    _check_kinds(flat, {int, float}, "numbers", of)
    try:
        exact = np.array(flat, np.float64)
    except OverflowError:
        raise _unfit(dtype, of) from None
    with np.errstate(over="ignore"):
        found = exact.astype(dtype)
    if not np.isfinite(found).all():
        raise _unfit(dtype, of)
    return found


def _check_kinds(flat: list[Any], allowed: set[type], what: str, of: str) -> None:
    if not set(map(type, flat)) <= allowed:
        raise Problem(400, f"'data' of {of} holds something else than {what}.")


def _unfit(dtype: np.dtype[Any], of: str) -> Problem:
    return Problem(400, f"'data' of {of} has a number that does not fit {dtype}.")


def to_binary(array: Array) -> memoryview:
    """The elements, row by row, as bytes; those of the array itself where they lie so."""
    return np.ascontiguousarray(array, little(array.dtype)).reshape(-1).view(np.uint8).data


def to_json(array: Array) -> Iterator[str]:
    """The elements, row by row, as the inside of a JSON array, piece by piece.

    A float has the fewest digits that read back as the same bits, also by a reader who goes through double precision.
    Raises Problem (422) for what JSON has no numbers for.
    """
    flat = array.reshape(-1)
    if flat.dtype.kind == "f" and not np.isfinite(flat).all():
        raise Problem(422, "The result has infinite values or NaN, which JSON cannot hold; ask for binary data.")
    for start in range(0, flat.size, PIECE):
        piece = flat[start : start + PIECE]
        shorter = piece.dtype.kind == "f" and piece.dtype.itemsize < 8
        text = ",".join(_shortest(piece)) if shorter else json.dumps(piece.tolist(), separators=(",", ":"))[1:-1]
        yield text if start == 0 else f",{text}"


def _shortest(piece: Array) -> list[str]:
    texts = piece.astype(np.str_)
    kept = texts.astype(np.float64).astype(piece.dtype) == piece
    return [text if same else repr(float(x)) for text, same, x in zip(texts.tolist(), kept, piece, strict=True)]
