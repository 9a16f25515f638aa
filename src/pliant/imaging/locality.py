"""How far a network looks, found by asking it.

The result of noise is compared with that of the same noise with one row (or column) exchanged: the result rows that
differ in any bit are those that depend on that row. Then a crop is compared with the same part of the whole, for crops
that begin at multiples of 1, 2, 3, ...: networks that halve a picture, or pool it in squares, repeat only in steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.errors import LoweringError
from pliant.imaging.finite import finite
from pliant.imaging.network import Network
from pliant.imaging.parts import Alone, Parts, ways
from pliant.window import Size, Window

Array = NDArray[Any]

EXACT = 2e-6  # largest difference, as a share of the range of values, that is rounding
SHORTEST, LONGEST = 128, 1024  # pixels; a network that looks farther than half of it looks at everything
ACROSS = 48  # pixels of the short side of the pictures that are tried
STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
FAR = 32  # pixels; from such a radius on a smaller one is tried
BLENDED = 32  # pixels of overlap where nothing is exact
ROWS, COLUMNS = 0, 1


@dataclass(frozen=True)
class Locality:
    """How a network may be run in parts.

    Results depend on pixels within `radius` of them (rows, columns), and crops have to begin at multiples of `step`.
    `deviation` is the largest difference between a crop's result and the whole's on noise, as a share of the range of
    values; infinite for a network that looks at the whole picture, or repeats in no step. `parts` runs crops.
    """

    parts: Parts
    radius: Size
    step: int
    deviation: float

    @property
    def exact(self) -> bool:
        """Whether tiles equal the whole, up to float32 rounding."""
        return self.deviation <= EXACT


def measured(network: Network, factor: float) -> Locality:
    """The locality of a network at a factor. The picture's sides have to be live."""
    rows, columns = (_radius(network, factor, axis) for axis in (ROWS, COLUMNS))
    if rows is None or columns is None:
        return Locality(Alone(network), (BLENDED, BLENDED), _least_step(network), inf)
    for way in ways(network, factor):
        for step in _steps(network, factor):
            found = _tried(network, factor, way, (rows, columns), step)
            if found.exact:
                return _tightened(network, factor, found)
            if found.deviation == inf:
                break
    return Locality(Alone(network), (max(rows, BLENDED), max(columns, BLENDED)), _least_step(network), inf)


def _tried(network: Network, factor: float, way: Parts, radius: Size, step: int) -> Locality:
    """The largest deviation, or the first that is not exact."""
    largest = 0.0
    try:
        for deviation in _deviations(network, way, factor, radius, step):
            largest = max(largest, deviation)
            if largest > EXACT:
                break
    except LoweringError:  # something of the whole picture cannot be cut in parts
        largest = inf
    return Locality(way, radius, step, largest)


def _tightened(network: Network, factor: float, found: Locality) -> Locality:
    """With a smaller radius, where what lies beyond it changes no more than a rounding: far is seldom much."""
    if max(found.radius) < FAR:
        return found
    for share in (1 / 3, 1 / 2, 2 / 3):
        radius = (ceil(found.radius[0] * share), ceil(found.radius[1] * share))
        tried = _tried(network, factor, found.parts, radius, found.step)
        if tried.deviation <= EXACT / 4:
            return tried
    return found


def _least_step(network: Network) -> int:
    """What the sides of a picture have to be multiples of."""
    return int(np.lcm.reduce([max(1, dim.multiple) for dim in network.picture.dims[2:]]))


def _steps(network: Network, factor: float) -> list[int]:
    """At multiples of the denominator of a factor, results of a resize repeat."""
    least, ratio = _least_step(network), Fraction(factor).limit_denominator(STEPS[-1])
    repeats = [ratio.denominator] if abs(float(ratio) - factor) < 1e-9 else []
    return list(dict.fromkeys(int(np.lcm(least, step)) for step in (*STEPS[:1], *repeats, *STEPS[1:])))


def _radius(network: Network, factor: float, axis: int) -> int | None:
    """How many pixels away a pixel can change the result along an axis; None if the whole picture."""
    length = SHORTEST
    while length <= LONGEST:
        middle = _reached(network, factor, axis, length, 0.5)
        if None not in middle:
            found = [middle, *(_reached(network, factor, axis, length, place) for place in (0.2, 0.8))]
            return max(side for sides in found for side in sides if side is not None) + 1
        length *= 2
    return None


def _reached(network: Network, factor: float, axis: int, length: int, place: float) -> tuple[int | None, int | None]:
    """How far before and behind a row the result changes with it; None where the picture ends before that
    does, or where nothing changes: what is read lies farther away.
    """
    size = network.taken(length, ACROSS) if axis == ROWS else network.taken(ACROSS, length)
    picture = noise(network, size, seed=0)
    changed = picture.copy()
    row = int(size[axis] * place)
    at: list[Any] = [slice(None)] * 4
    at[2 + axis] = slice(row, row + 1)
    changed[tuple(at)] = noise(network, size, seed=1)[tuple(at)]
    others = tuple(k for k in range(4) if k != 2 + axis)
    differs = (finite(network(picture, factor)) != finite(network(changed, factor))).any(axis=others)
    if not differs.any():
        return None, None
    places = np.nonzero(differs)[0]
    before = None if differs[0] else max(0, ceil(row - places[0] / factor))
    behind = None if differs[-1] else max(0, ceil((places[-1] + 1) / factor - row - 1))
    return before, behind


def _deviations(network: Network, way: Parts, factor: float, radius: Size, step: int) -> Iterator[float]:
    span = network.image.maximum - network.image.minimum
    for axis in (ROWS, COLUMNS):
        for difference in _differences(network, way, factor, radius, step, axis):
            yield difference / span


def _differences(network: Network, way: Parts, factor: float, radius: Size, step: int, axis: int) -> Iterator[float]:
    """Of a crop that begins at `step` and one that ends before the picture, along an axis."""
    reach, across = radius[axis], network.taken(ACROSS, ACROSS)[1 - axis]
    long = network.taken(*(2 * [2 * reach + 2 * step + ACROSS]))[axis]
    size = (long, across) if axis == ROWS else (across, long)
    picture = noise(network, size, seed=2)
    whole = finite(network(picture, factor))
    for begin, end in ((step, long), (0, long - _least_step(network))):
        start, stop = [0, 0], list(size)
        start[axis], stop[axis] = begin, end
        window = Window(size, (start[0], start[1]), (stop[0] - start[0], stop[1] - start[1]))
        crop = np.ascontiguousarray(picture[:, :, start[0] : stop[0], start[1] : stop[1]])
        placed = way.place(crop, factor, window)
        result = finite(way.run(crop, factor, window))
        margin = ceil((reach + placed.lost[axis]) * factor)
        at = slice(margin if begin else 0, placed.size[axis] - (margin if end < long else 0))
        there = slice(placed.start[axis] + at.start, placed.start[axis] + at.stop)
        own, full = (np.moveaxis(values, 2 + axis, 0) for values in (result, whole))
        if own[at].shape != full[there].shape:
            yield float("inf")
        elif own[at].size:
            yield float(np.abs(own[at] - full[there]).max())


def noise(network: Network, size: Size, seed: int) -> Array:
    """Network values [1, c, *size] between the least and the greatest."""
    channels = network.picture.dims[1].size or (1 if network.image.colours == "GREY" else 3)
    values = np.random.default_rng(seed).random((1, channels, *size), np.float32)
    return values * np.float32(network.image.maximum - network.image.minimum) + np.float32(network.image.minimum)
