"""How far a result is from that of eager PyTorch, in grey levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FRAME = 40  # pixels of the result: what peers compute there depends on how they continue a picture at its edges


@dataclass(frozen=True)
class Comparison:
    """`largest` difference in levels of 255, the share of pixels `beyond` one level, and the largest `inside`.

    `inside` leaves out a frame of 40 pixels. Levels of floats are not rounded before they are compared.
    """

    largest: float
    beyond: float
    inside: float

    @property
    def equal(self) -> bool:
        """Within one grey level everywhere."""
        return self.largest <= 1


def compare(result: Array, expected: Array) -> Comparison:
    """Both [1, 3, h, w] floats in [0, 1] or uint8 [h, w, 3].

    A result of another shape, or with NaN, is infinitely far off.
    """
    if result.shape != expected.shape or not np.isfinite(result).all():
        return Comparison(float("inf"), 1.0, float("inf"))
    difference = np.abs(_levels(result) - _levels(expected)).max(axis=0)
    inner = difference[FRAME:-FRAME, FRAME:-FRAME]
    inside = float(inner.max()) if inner.size else float(difference.max())
    return Comparison(float(difference.max()), float((difference > 1).mean()), inside)


def _levels(values: Array) -> Array:
    """float32 [c, h, w]."""
    if values.dtype == np.uint8:
        return values.transpose(2, 0, 1).astype(np.float32)
    return values[0].clip(0, 1).astype(np.float32) * np.float32(255)
