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
TOGETHER = 1 << 18  # values of a block: what is done to one after the other stays in the processor's caches


def to_network(levels: Array, image: Image, dtype: str = "float32") -> Array:
    """Levels as network values: the highest level becomes `image.maximum`, level 0 `image.minimum`."""
    span = top(levels.dtype) / (image.maximum - image.minimum)
    ordered = levels[..., ::-1] if image.colours == "BGR" else levels
    values = np.empty((1, levels.shape[2], *levels.shape[:2]), np.float32)
    np.copyto(values[0], ordered.transpose(2, 0, 1), casting="unsafe")
    # dividing, as PyTorch code does: multiplying by the reciprocal differs in the last bit
    np.divide(values, np.float32(span), out=values)
    if image.minimum:
        np.add(values, np.float32(image.minimum), out=values)
    return values.astype(dtype, copy=False)


def top(dtype: np.dtype[Any]) -> float:
    """The level that stands for white."""
    return float(np.iinfo(dtype).max) if np.dtype(dtype).kind == "u" else 1.0


def to_levels(values: Array, image: Image, dtype: np.dtype[Any]) -> Array:
    """Network values as levels of type `dtype`; values outside the range become the nearest level, NaN level 0.

    Floats stay outside the range where they are, and are not rounded.
    """
    channels, height, width = values.shape[1:]
    levels = np.empty((height, width, channels), dtype)
    ordered = levels[..., ::-1] if image.colours == "BGR" else levels
    rows = max(1, TOGETHER // max(1, width * channels))
    for first in range(0, height, rows):
        block = _scaled(values[0, :, first : first + rows], image, levels.dtype)
        for channel in range(channels):
            ordered[first : first + rows, :, channel] = block[channel]
    return levels


def _scaled(values: Array, image: Image, dtype: np.dtype[Any]) -> Array:
    """What may be cast to levels of type `dtype`, float32 of the same shape."""
    highest = top(dtype)
    scaled = values.astype(np.float32)  # always a copy, which is then changed in place
    if image.minimum:
        scaled -= np.float32(image.minimum)
    scaled *= np.float32(highest / (image.maximum - image.minimum))
    if dtype.kind != "u":
        return np.nan_to_num(scaled, copy=False)
    if image.rounding == "half up":
        scaled += np.float32(0.5)
    np.clip(scaled, 0, highest, out=scaled)
    # one NaN makes the least value NaN, and asking for that takes no memory
    return np.nan_to_num(scaled, copy=False) if np.isnan(scaled.min(initial=highest)) else scaled
