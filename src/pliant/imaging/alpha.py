"""Transparency: what a network may see of it, and what it may make of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
REACH = 2  # source pixels that a bicubic resize looks at on each side


def fill_hidden(colour: Array, alpha: Array) -> Array:
    """`colour` [h, w, c] with the colour of fully transparent pixels taken from the visible ones around them.

    Editors leave any colour where nothing is seen; a network would smear it into what is seen. Visible pixels
    stay as they are, and a picture without visible pixels too. `alpha` is [h, w].
    """
    visible = (alpha > 0).astype(np.float32)[..., None]
    if visible.all() or not visible.any():
        return colour
    filled = _spread(colour.astype(np.float32), visible)
    rounded = filled if colour.dtype.kind == "f" else np.floor(filled + 0.5)
    return np.where(visible > 0, colour, rounded.astype(colour.dtype))


def bound(result: Array, source: Array, places: tuple[Array, Array] | None = None) -> Array:
    """`result` [H, W] kept between the least and the greatest alpha around each pixel in `source` [h, w].

    So what was opaque stays opaque, what was empty stays empty, and edges do not ring. Both in the same units.
    `places` are the row of `source` under each row of `result`, and the columns likewise; evenly spread if None.
    """
    rows, columns = places or (
        beneath(slice(0, after), before, after) for after, before in zip(result.shape, source.shape, strict=True)
    )
    low, high = (_around(source, choose)[rows][:, columns] for choose in (np.minimum, np.maximum))
    return np.clip(result, low, high)


def beneath(pixels: slice, before: int, after: int) -> Array:
    """The pixel under each of some pixels of a result, where a length `before` became `after`."""
    return np.minimum((np.arange(pixels.start, pixels.stop) + 0.5) * before / after, before - 1).astype(int)


def _spread(colour: Array, known: Array) -> Array:
    """Fill where `known` is 0 from averages over ever larger squares; `known` is [h, w, 1] of 0 and 1."""
    if known.all():
        return colour
    total, count = _halve(colour * known), _halve(known)
    coarse = _spread(total / np.maximum(count, 1), (count > 0).astype(np.float32))
    rows, columns = colour.shape[:2]
    enlarged = coarse.repeat(2, axis=0).repeat(2, axis=1)[:rows, :columns]
    return np.where(known > 0, colour, enlarged)


def _halve(values: Array) -> Array:
    """Sums over squares of 2 x 2; an odd edge is padded with 0."""
    rows, columns = values.shape[:2]
    even = np.pad(values, ((0, rows % 2), (0, columns % 2), (0, 0)))
    return even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]


def _around(values: Array, choose: Any) -> Array:
    """The least or greatest value within `REACH` of each element."""
    for axis in (0, 1):
        length = values.shape[axis]
        padded = np.pad(values, [(REACH, REACH) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        shifted = [padded.take(range(at, at + length), axis) for at in range(2 * REACH + 1)]
        values = choose.reduce(shifted)
    return values
