"""Making a computed picture smaller, where a network goes beyond the size that is wanted, and resizing without one."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
REACH = 3  # result pixels that the filter looks at on either side


def reduced(values: Array, size: tuple[int, int], box: tuple[float, float, float, float] | None = None) -> Array:
    """float32 [1, c, h, w] resized to [1, c, *size] with an antialiasing Lanczos filter.

    `box` is the part that becomes the result: left, top, right and bottom. The filter sees what lies around it.
    """
    from PIL import Image

    filtered = [
        Image.fromarray(np.ascontiguousarray(channel)).resize((size[1], size[0]), Image.Resampling.LANCZOS, box)
        for channel in values[0]
    ]
    return np.stack([np.asarray(channel) for channel in filtered])[None]


def resized(plane: Array, size: tuple[int, int], part: tuple[slice, slice]) -> Array:
    """The rows and columns `part` of levels [h, w] resized to `size`, by a bicubic filter that does not alias.

    Every pixel is computed in the same way whatever the part is, so that parts equal the whole. Whole levels are
    rounded half up and stay in their range.
    """
    rows, columns = (
        _taps(before, after, wanted) for before, after, wanted in zip(plane.shape, size, part, strict=True)
    )
    first, last = int(rows[0].min()), int(rows[0].max()) + 1
    seen = plane[first:last].astype(np.float64)
    across = np.zeros((len(seen), columns[0].shape[1]))
    for at, weight in zip(*columns, strict=True):
        across += weight * seen[:, at]
    values = np.zeros((rows[0].shape[1], across.shape[1]))
    for at, weight in zip(*rows, strict=True):
        values += weight[:, None] * across[at - first]
    if plane.dtype.kind != "u":
        return values.astype(plane.dtype)
    return np.floor(np.clip(values, 0, np.iinfo(plane.dtype).max) + 0.5).astype(plane.dtype)


def _taps(before: int, after: int, wanted: slice) -> tuple[Array, Array]:
    """Of each wanted pixel of a length that `before` became: the pixels under the filter, and their weights.

    Both [taps, pixels]. The filter is as wide as a pixel of the result where that is the wider one.
    """
    step = before / after
    width = max(1.0, step)
    centres = (np.arange(wanted.start or 0, after if wanted.stop is None else wanted.stop) + 0.5) * step - 0.5
    reach = ceil(2 * width)
    at = np.floor(centres).astype(np.int64) + np.arange(-reach, reach + 2)[:, None]
    weights = _cubic((at - centres) / width)
    return np.clip(at, 0, before - 1), weights / sum(weights)


def _cubic(x: Array) -> Array:
    """Keys' kernel with a = -1/2."""
    x = np.abs(x)
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
