"""Sizes and values at which a model is looked at before it is built: TensorRT plans for ranges and asks for them.

Where the contract has no bound, there is a default: pictures up to 1024 pixels a side and 4 in a batch, values from
the smaller of 1 and the example to twice the example, and 4 at least for an upscale factor. Declare `dims` and `values`
when you export to have others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pliant.arguments import Array
from pliant.contract import Contract, Dim, Input

SIDE, LIKELY_SIDE, BATCH = 1024, 128, 4
FACTOR = 4.0
STEPS = 16  # lengths looked at next to each end: what is rounded to a multiple differs between neighbours
NUDGE = 2.0**-14  # relative: next to an end of a range, and no fraction with a small denominator


@dataclass(frozen=True)
class Point:
    """The arguments of one call, by name; pictures are empty of content. `likely` marks the one to optimise for."""

    feeds: dict[str, Array]
    likely: bool = False


def points(contract: Contract) -> Iterator[Point]:
    """Points at the ends of all ranges, at the likely place, and between; those that a model refuses are among them."""
    lengths = list(_lengths(contract))
    values = list(_values(contract))
    corners = 5  # of the lengths, that meet every choice of values
    for k, chosen in enumerate(lengths):
        for m, elements in enumerate(values if k < corners else values[:3]):
            yield Point(_feeds(contract, chosen, elements), likely=k == m == 0)


def bounds(dim: Dim, batch: bool) -> tuple[int, int, int]:
    """The smallest, the likely and the largest length of a live axis, within the contract."""
    low = _up(max(dim.minimum, 1), dim.multiple)
    wish = BATCH if batch else SIDE
    high = _down(dim.maximum, dim.multiple) if dim.maximum is not None else max(_down(wish, dim.multiple), low)
    likely = min(max(_down(1 if batch else LIKELY_SIDE, dim.multiple), low), high)
    return low, likely, high


def span(entry: Input, factor: bool) -> tuple[float, float]:
    """The ends of the range of a live value, within the contract."""
    example = [v for v in entry.example if v != 1 or len(entry.example) == 1] or [1.0]
    low = min(1.0, *example) if min(example) > 0 else 2 * min(example)
    high = max(FACTOR if factor else 0.0, 2 * max(example), low)
    least, most = entry.values.minimum, entry.values.maximum
    low, high = (least if least is not None else low), (most if most is not None else high)
    if least is None:
        low = min(low, high)
    return low, max(low, high)


def _up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple


def _down(length: int, multiple: int) -> int:
    return max(length // multiple, 1) * multiple


def _live(contract: Contract) -> dict[str, tuple[Dim, bool]]:
    """The live dims by name, and whether each counts the pictures of a batch; an unnamed one stands alone."""
    found: dict[str, tuple[Dim, bool]] = {}
    for entry in contract.inputs:
        for axis, dim in enumerate(entry.dims):
            if dim.live:
                found.setdefault(_key(entry, axis, dim), (dim, axis == 0 and len(entry.dims) == 4))
    return found


def _key(entry: Input, axis: int, dim: Dim) -> str:
    return dim.name or f"{entry.name}.{axis}"


def _lengths(contract: Contract) -> Iterator[dict[str, int]]:
    """Lengths of all live dims: likely, largest, smallest, mixed, then those next to both ends."""
    live = _live(contract)
    ends = {name: bounds(dim, batch) for name, (dim, batch) in live.items()}
    yield {name: likely for name, (_, likely, _) in ends.items()}
    yield {name: high for name, (_, _, high) in ends.items()}
    yield {name: low for name, (low, _, _) in ends.items()}
    for parity in (0, 1):
        yield {name: e[2] if k % 2 == parity else e[0] for k, (name, e) in enumerate(ends.items())}
    for step in range(1, STEPS + 1):
        moves = {name: step * dim.multiple for name, (dim, _) in live.items()}
        yield {name: min(low + moves[name], high) for name, (low, _, high) in ends.items()}
        yield {name: max(high - moves[name], low) for name, (low, _, high) in ends.items()}


def _values(contract: Contract) -> Iterator[dict[str, tuple[float, ...]]]:
    """Elements of all live values: the example, all largest, all smallest, then those next to both ends."""
    entries = [i for i in contract.inputs if i.role == "value"]
    ends = {i.name: span(i, i.name == contract.factor) for i in entries}

    def all_at(place: int, nudge: float = 0.0) -> dict[str, tuple[float, ...]]:
        toward = {name: (e[1 - place] - e[place]) * nudge for name, e in ends.items()}
        return {i.name: _filled(i, ends[i.name][place] + toward[i.name]) for i in entries}

    yield {i.name: i.example or _filled(i, ends[i.name][1]) for i in entries}
    if not entries:
        return
    for place in (1, 0):
        yield all_at(place)
    for place in (1, 0):
        yield all_at(place, NUDGE * math.sqrt(2))
        yield all_at(place, 0.01)
    for entry in entries if len(entries) > 1 else []:
        for place in (1, 0):
            yield {**all_at(1 - place), entry.name: _filled(entry, ends[entry.name][place])}
    if any(i.dtype == "bool" for i in entries):
        yield {i.name: tuple(1 - v for v in i.example) if i.dtype == "bool" else i.example for i in entries}


def _filled(entry: Input, value: float) -> tuple[float, ...]:
    """All elements `value`, but the ones of a vector, which are there to stay, as in the scales (1, 1, f, f)."""
    count = len(entry.example) or math.prod(dim.size or 1 for dim in entry.dims)
    if entry.dtype.startswith(("int", "uint")):
        value = float(round(value))
    several = len(entry.example) > 1
    return tuple(1.0 if several and entry.example[k] == 1 else value for k in range(count))


def _feeds(contract: Contract, lengths: dict[str, int], values: dict[str, tuple[float, ...]]) -> dict[str, Array]:
    feeds: dict[str, Array] = {}
    for entry in contract.inputs:
        shape = tuple(
            dim.size if dim.size is not None else lengths[_key(entry, axis, dim)] for axis, dim in enumerate(entry.dims)
        )
        if entry.role == "value":
            feeds[entry.name] = np.resize(values[entry.name], shape).astype(entry.dtype)
        else:
            feeds[entry.name] = np.zeros(shape, entry.dtype)
    return feeds
