"""Turned and mirrored videos, which cameras store as they see them, with a matrix that says what is up."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Turn:
    """What makes stored pixels upright: exchange the axes first, then mirror."""

    swap: bool = False
    mirror_rows: bool = False
    mirror_columns: bool = False

    def __call__(self, pixels: Array) -> Array:
        """The upright picture of stored pixels [h, w, c]."""
        if self.swap:
            pixels = pixels.transpose(1, 0, 2)
        if self.mirror_rows:
            pixels = pixels[::-1]
        if self.mirror_columns:
            pixels = pixels[:, ::-1]
        return np.ascontiguousarray(pixels)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (height, width) if self.swap else (width, height)


def turn_of(matrix: bytes) -> Turn | None:
    """From a display matrix: nine 32-bit integers (a, b, u, c, d, v, x, y, w), x' = ax + cy and y' = bx + dy.

    None if it is no turn by quarters.
    """
    if len(matrix) != 36:
        return None
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix)
    if a and d and not (b or c):
        return Turn(False, d < 0, a < 0)
    if b and c and not (a or d):
        return Turn(True, b < 0, c < 0)
    return None
