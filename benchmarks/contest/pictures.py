"""Pictures of any size with natural content."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchmarks.contest.base import ROOT
from numpy.typing import NDArray

Array = NDArray[Any]
EXAMPLE = ROOT / "examples" / "canyon-wren.png"


def picture(height: int, width: int, shift: int = 0) -> Array:
    """uint8 [height, width, 3]: the example picture, mirrored at its edges as often as needed, moved by `shift`."""
    from PIL import Image

    example = np.asarray(Image.open(EXAMPLE).convert("RGB"))
    rows, columns = (_mirrored(n, length, shift) for n, length in zip((height, width), example.shape[:2], strict=True))
    return np.ascontiguousarray(example[rows][:, columns])


def tensor(pixels: Array) -> Array:
    """float32 [1, 3, h, w] in [0, 1] of uint8 [h, w, 3]."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def _mirrored(count: int, length: int, shift: int) -> Array:
    there = (np.arange(count) + shift) % (2 * length)
    return np.minimum(there, 2 * length - 1 - there)
