"""Running a network for a whole factor: block by block in the interior, and in strips along the borders.

A block is so small that what is computed between its layers stays in the caches of the processor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pliant.lowering.whole.geometry import Geometry

if TYPE_CHECKING:
    from pliant.lowering.runtime import Network

Array = NDArray[Any]
Real = tuple[bool, bool, bool, bool]
SIDES = ("top", "left", "bottom", "right")
PICTURE = "picture"
RESULT = "/result"
EVERYWHERE: Real = (True, True, True, True)


@dataclass(frozen=True)
class Blocks:
    """The network in parts: `inner` for blocks, `outer` for the strip along each side, in the order of `SIDES`."""

    inner: Network
    outer: Sequence[Network]
    geometry: Geometry

    def __call__(self, picture: Array, real: Real = EVERYWHERE) -> Array:
        """The result float32 [n, c, h * factor, w * factor] of a picture [n, channels, h, w].

        At sides that are not `real` there is more of the picture; there the result is of no use as far as the network
        reaches.
        """
        count, _, height, width = picture.shape
        g = self.geometry
        result = np.empty((count, g.channels, height * g.factor, width * g.factor), np.float32)
        top, left, bottom, right = g.reach
        extended = np.pad(picture, ((0, 0), (0, 0), (top, bottom), (left, right)), mode="edge")
        for rows in _spans(height, g.side):
            for columns in _spans(width, g.side):
                crop = extended[:, :, rows[0] : rows[1] + top + bottom, columns[0] : columns[1] + left + right]
                self._block(crop, result[:, :, slice(*self._of(rows)), slice(*self._of(columns))])
        for k in range(4):
            if real[k] and g.damage[k]:
                self._border(k, picture, result)
        return result

    def fits(self, height: int, width: int) -> bool:
        """Whether a picture is large enough for strips that do not meet."""
        return self.geometry.fits(height, width)

    def _of(self, span: tuple[int, int]) -> tuple[int, int]:
        return span[0] * self.geometry.factor, span[1] * self.geometry.factor

    def _block(self, crop: Array, into: Array) -> None:
        g = self.geometry
        made = self.inner({PICTURE: np.ascontiguousarray(crop)})[PICTURE + RESULT]
        top, left = (reach * g.factor - margin for reach, margin in zip(g.reach[:2], g.margins[:2], strict=True))
        into[...] = made[:, :, top : top + into.shape[2], left : left + into.shape[3]]

    def _border(self, k: int, picture: Array, result: Array) -> None:
        """The rows or columns of the result at side `k` that blocks cannot know."""
        taken, wrong = self.geometry.strips[k], self.geometry.damage[k]
        made = self.outer[k]({SIDES[k]: np.ascontiguousarray(_edge(picture, k, taken))})[SIDES[k] + RESULT]
        _edge(result, k, wrong)[...] = _edge(made, k, wrong)


def _edge(array: Array, k: int, count: int) -> Array:
    """The `count` outermost rows or columns of [n, c, h, w] at a side."""
    axis, behind = 2 + k % 2, k >= 2
    at = [slice(None)] * 4
    at[axis] = slice(array.shape[axis] - count, None) if behind else slice(0, count)
    return array[tuple(at)]


def _spans(length: int, side: int) -> Iterator[tuple[int, int]]:
    """A length in parts that hardly differ, none longer than `side`."""
    count = ceil(length / side)
    for k in range(count):
        yield length * k // count, length * (k + 1) // count
