"""Whole levels to network values and back.

Levels are uint8 or uint16, [h, w, c] in the order RGB; float32 ones go from 0 to 1. Network values are what the
contract's image convention says, [1, c, h, w].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Image

Array = NDArray[Any]


def to_network(levels: Array, image: Image, dtype: str = "float32") -> Array:
    """Levels as network values: the highest level becomes `image.maximum`, level 0 `image.minimum`."""
    span = top(levels.dtype) / (image.maximum - image.minimum)
    ordered = levels[..., ::-1] if image.colours == "BGR" else levels
    # dividing, as PyTorch code does: multiplying by the reciprocal differs in the last bit
    values = ordered.astype(np.float32) / np.float32(span) + np.float32(image.minimum)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], dtype)


def top(dtype: np.dtype[Any]) -> float:
    """The level that stands for white."""
    return float(np.iinfo(dtype).max) if np.dtype(dtype).kind == "u" else 1.0


def to_levels(values: Array, image: Image, dtype: np.dtype[Any]) -> Array:
    """Network values as levels of type `dtype`; values outside the range become the nearest level, NaN level 0.

    Floats stay outside the range where they are, and are not rounded.
    """
    highest, whole = top(dtype), np.dtype(dtype).kind == "u"
    span = np.float32(highest / (image.maximum - image.minimum))
    scaled = (values[0].astype(np.float32) - np.float32(image.minimum)) * span
    if image.rounding == "half up" and whole:
        scaled += np.float32(0.5)
    if whole:
        scaled = np.clip(scaled, 0, highest)
    levels = np.nan_to_num(scaled).astype(dtype).transpose(1, 2, 0)
    return np.ascontiguousarray(levels[..., ::-1] if image.colours == "BGR" else levels)
