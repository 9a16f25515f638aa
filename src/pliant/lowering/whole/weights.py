"""Weights of convolutions that take the small picture in place of the enlarged one.

A convolution of an enlarged picture is linear in the small one, and for each of the k * k places within a pixel (the
*phases*) the same at every pixel: k * k convolutions at low resolution, whose results interleaved are the result
(polyphase decomposition; Vaidyanathan, "Multirate Systems and Filter Banks", 1993, chapter 4). Each has fewer taps than
the one of the large picture wherever that has more taps than the resize has neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.lowering.whole.field import Sides
from pliant.lowering.whole.taps import Upsampling

Array = NDArray[Any]


@dataclass(frozen=True)
class Small:
    """Convolutions of the small picture that make all phases.

    `parts` are weights [phases * out, in, rows, columns] of phases that follow each other, row by row, and how much of
    the small picture is cut off for them: what none of them reads. `reach` is how far around a pixel all of them read,
    `outputs` the channels of one phase.
    """

    parts: tuple[tuple[Array, Sides], ...]
    reach: Sides
    outputs: int

    @classmethod
    def of(cls, weight: Array, pads: Sides, by: Upsampling) -> Small:
        """For the convolution `weight` [out, in, kh, kw], padded by zeros, of a picture that was enlarged."""
        kernels, (top, left) = composite(weight, (pads[0], pads[1]), by)
        columns = _moved(support(kernels, 5), left)
        rows = [_moved(support(kernels[p : p + 1], 4), top) for p in range(by.factor)]
        groups = [(kernels[p : p + 1], used) for p, used in enumerate(rows)]
        if all(used == rows[0] for used in rows):
            groups = [(kernels, rows[0])]
        above, below = max(0, -min(r[0] for r in rows)), max(0, max(r[1] for r in rows) - 1)
        before, behind = max(0, -columns[0]), max(0, columns[1] - 1)
        parts: list[tuple[Array, Sides]] = []
        for kernel, used in groups:
            taps = kernel[..., used[0] - top : used[1] - top, columns[0] - left : columns[1] - left]
            cut = (used[0] + above, columns[0] + before, below - used[1] + 1, behind - columns[1] + 1)
            parts.append((taps.reshape(-1, *taps.shape[3:]), cut))
        return cls(tuple(parts), (above, before, below, behind), weight.shape[0])

    @property
    def work(self) -> int:
        """Products for each pixel of the small picture."""
        return sum(weight.size for weight, _ in self.parts)

    def repeated(self, bias: Array | None, weight: Array) -> Array | None:
        """`bias` for all phases of a part."""
        return None if bias is None else np.tile(bias, weight.shape[0] // self.outputs)


def composite(weight: Array, before: tuple[int, int], upsampling: Upsampling) -> tuple[Array, tuple[int, int]]:
    """The weights of all phases, float64 [k, k, out, in, rows, columns], and the offset of their first row and column.

    `weight` [out, in, kh, kw] is that of a convolution of the enlarged picture that is padded by `before` rows and
    columns in front. Phase [p, q] at pixel (i, j) reads rows from i + offset on.
    """
    (rows, top), (columns, left) = (
        _along(length, pad, upsampling) for length, pad in zip(weight.shape[2:], before, strict=True)
    )
    return np.einsum("ocyx,pya,qxb->pqocab", weight.astype(np.float64), rows, columns, optimize=True), (top, left)


def _along(length: int, before: int, upsampling: Upsampling) -> tuple[Array, int]:
    """[phase, tap of the large picture, tap of the small one], and the offset of the first of these."""
    table, first = upsampling.taps()
    k, m = table.shape
    reached = [divmod(p + tap - before, k) for p in range(k) for tap in range(length)]
    start = min(pixel for pixel, _ in reached)
    found = np.zeros((k, length, max(pixel for pixel, _ in reached) - start + m))
    for n, (pixel, phase) in enumerate(reached):
        found[n // length, n % length, pixel - start : pixel - start + m] = table[phase]
    used = np.flatnonzero(np.abs(found).sum((0, 1)) > 0)
    return found[:, :, used[0] : used[-1] + 1], first + start + int(used[0])


def _moved(part: slice, by: int) -> tuple[int, int]:
    return part.start + by, part.stop + by


def support(kernels: Array, axis: int) -> slice:
    """The part of an axis outside of which all weights are 0."""
    others = tuple(k for k in range(kernels.ndim) if k != axis)
    used = np.flatnonzero(np.abs(kernels).max(axis=others) > 0)
    return slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 1)
