"""Fading tiles into each other, for networks whose tiles do not equal the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.imaging.grid import Span

Array = NDArray[Any]


def ramp(span: Span) -> Array:
    """The weight of each row (or column) of `span.wide`: 1, falling to 0 over what is shared with a neighbour."""
    places = np.arange(*span.wide, dtype=np.float32) + np.float32(0.5)
    before, behind = 2 * (span.own[0] - span.wide[0]), 2 * (span.wide[1] - span.own[1])
    weights = np.ones(len(places), np.float32)
    if before:
        weights *= np.clip((places - span.wide[0]) / before, 0, 1)
    if behind:
        weights *= np.clip((span.wide[1] - places) / behind, 0, 1)
    return weights


class Blender:
    """Takes overlapping pieces of an array in their order along its first axis, gives it without seams."""

    def __init__(self) -> None:
        self._sum: Array | None = None  # of what was shared last, and its weights
        self._weights: Array | None = None

    def add(self, piece: Array, span: Span) -> Array:
        """What is finished with `piece`, floats [n, ...], which is `span.wide` of the whole."""
        shape = (-1, *[1] * (piece.ndim - 1))
        weights = ramp(span)
        total = piece * weights.reshape(shape)
        if self._sum is not None and self._weights is not None:
            total[: len(self._sum)] += self._sum
            weights[: len(self._sum)] += self._weights
        done = len(piece) - 2 * (span.wide[1] - span.own[1])
        self._sum, self._weights = total[done:], weights[done:]
        return total[:done] / weights[:done].reshape(shape)


def joined(pieces: Iterator[tuple[Array, Span]]) -> Array:
    """The pieces as one array."""
    blender = Blender()
    return np.concatenate([blender.add(piece, span) for piece, span in pieces])
