"""Where tiles lie. Everything here is along one axis; rows and columns are done alike.

The *core* of a tile are the pixels of the source whose results it gives; its *crop* is what the network sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor

from pliant.imaging.resample import REACH


@dataclass(frozen=True)
class Axis:
    """Lengths along one axis, in pixels.

    The network makes `computed` of `source` with `factor`, of which the result has `result`. It sees `taken` pixels:
    the source, and as many copies of its last one as the model needs. Crops begin and end at multiples of `step` and
    have at least `least` pixels where the picture has.
    """

    source: int
    taken: int
    factor: float
    computed: int
    result: int
    step: int = 1
    least: int = 1

    @property
    def reduction(self) -> float:
        """Computed pixels for each pixel of the result, at least 1."""
        return self.computed / self.result

    @property
    def margin(self) -> int:
        """Pixels of the source that a reduction of what is computed looks at on either side: three of the result's."""
        return 0 if self.computed == self.result else ceil((REACH * self.reduction + 1) / self.factor) + 1


@dataclass(frozen=True)
class Span:
    """A tile along one axis: `core` and `crop` in pixels of the source, `own` and `wide` in those of the result.

    Its result is `wide`, of which it shares what is beyond `own`, and as much within, with its neighbours.
    """

    core: tuple[int, int]
    crop: tuple[int, int]
    own: tuple[int, int]
    wide: tuple[int, int]


def cores(axis: Axis, longest: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """Stretches of at most `longest` pixels of the source, about equally long, from `start` to the end."""
    left = axis.source - start
    count = ceil(left / longest)
    for k in range(count):
        yield start + left * k // count, start + left * (k + 1) // count


def span(axis: Axis, core: tuple[int, int], halo: int, overlap: int = 0, length: int = 0) -> Span:
    """The tile with a core that sees `halo` pixels around it and shares `overlap` with either neighbour.

    Its crop has `length` pixels where the picture has: engines are quickest with crops that are all of one size.
    """
    wide = max(0, core[0] - overlap), min(axis.source, core[1] + overlap)
    before, behind = wide[0] - halo - axis.margin, wide[1] + halo + axis.margin
    first = max(0, before) // axis.step * axis.step
    last = axis.taken if behind >= axis.source else min(axis.taken, ceil(behind / axis.step) * axis.step)
    first, last = _lengthened(axis, first, last, max(length, axis.least))
    own, shared = ((edge(axis, ends[0]), edge(axis, ends[1])) for ends in (core, wide))
    return Span(core, (first, last), own, shared)


def usual(axis: Axis, longest: int, halo: int, overlap: int = 0) -> int:
    """The length of the crop of the longest of the `cores`, with as many neighbours as any tile has.

    Not of one of `longest` pixels: a picture a little longer than that is two halves, not two tiles of its own size.
    """
    count = ceil(axis.source / longest)
    length = ceil(axis.source / count) + min(2, count - 1) * (halo + axis.margin + overlap)
    return ceil(length / axis.step + (axis.step > 1)) * axis.step  # crops that begin at a step may be longer


def _lengthened(axis: Axis, first: int, last: int, length: int) -> tuple[int, int]:
    missing = min(length, axis.taken) - (last - first)
    if missing > 0:
        last = min(axis.taken, last + ceil(missing / axis.step) * axis.step)
        first = max(0, min(first, (last - length) // axis.step * axis.step))
    return first, last


def edge(axis: Axis, pixel: int) -> int:
    """Where in the result the pixel of the source begins."""
    if pixel >= axis.source:
        return axis.result
    return min(axis.result, floor(floor(pixel * axis.factor) / axis.reduction))
