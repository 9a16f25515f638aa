"""Whole levels to network values and back.

Levels are uint8 or uint16, [h, w, c] in the order RGB; float32 ones go from 0 to 1. Network values are what the
contract's image convention says, [1, c, h, w].
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache, partial
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Image
from pliant.imaging.finite import finite

Array = NDArray[Any]
TOGETHER = 1 << 18  # values of a block: what is done to one after the other stays in the processor's caches
MANY = 1 << 20  # values that are worth threads


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
    return float(2 ** (8 * dtype.itemsize) - 1) if dtype.kind == "u" else 1.0


def to_levels(values: Array, image: Image, dtype: np.dtype[Any]) -> Array:
    """Network values as levels of type `dtype`; values outside the range become the nearest level.

    Floats stay outside the range where they are, and are not rounded. Raises InputError for infinite values and NaN.
    """
    channels, height, width = values.shape[1:]
    levels = np.empty((height, width, channels), dtype)
    ordered = (levels[..., ::-1] if image.colours == "BGR" else levels).transpose(2, 0, 1)
    if values.size < MANY:
        _convert(values[0], ordered, image)
        return levels
    parts = os.cpu_count() or 1
    share = TOGETHER // parts
    bounds = pairwise([height * k // parts for k in range(parts + 1)])
    works = [partial(_convert, values[0, :, a:b], ordered[:, a:b], image, share) for a, b in bounds]
    # one part is this thread's: while it waited, it would only be woken late
    done = [_threads().submit(work) for work in works[1:]]
    try:
        works[0]()
    finally:
        wait(done)
    for part in done:
        part.result()
    return levels


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads that are kept: starting them takes a tenth of the work."""
    return ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "pliant-levels")


if hasattr(os, "register_at_fork"):  # a process made by fork has none of the threads
    os.register_at_fork(after_in_child=_threads.cache_clear)


def _convert(values: Array, levels: Array, image: Image, together: int = TOGETHER) -> None:
    """`values` as `levels`, both [c, h, w], about `together` values at a time."""
    pieces = list(_pieces(values.shape, together))
    scaled, whole = (np.empty_like(values[pieces[0]], dtype) for dtype in (np.float32, levels.dtype))
    for piece in pieces:
        block, into = values[piece], levels[piece]
        now, cast = scaled[:, : block.shape[1]], whole[:, : block.shape[1]]
        _scale(block, image, levels.dtype, now)
        # by way of levels that lie together: casting to bytes that lie apart is slow, and so is all channels at once
        np.copyto(cast, now, casting="unsafe")
        for channel, plane in zip(into, cast, strict=True):
            channel[...] = plane


def _pieces(shape: tuple[int, ...], together: int) -> Iterator[tuple[slice, slice]]:
    """Channels and rows: all of a small picture at once, of a large one some rows of one channel at a time."""
    channels, height, width = shape
    if channels * height * width <= together:
        yield slice(0, channels), slice(0, height)
        return
    rows = max(1, together // width)
    for channel in range(channels):
        for first in range(0, height, rows):
            yield slice(channel, channel + 1), slice(first, first + rows)


def _scale(values: Array, image: Image, dtype: np.dtype[Any], out: Array) -> None:
    """What may be cast to levels of type `dtype`, as float32 of the same shape in `out`."""
    highest = top(dtype)
    shifted = values
    if image.minimum:
        shifted = np.subtract(values, np.float32(image.minimum), out=out, casting="unsafe")
    with np.errstate(over="ignore"):  # what becomes infinite is a number beyond all levels, and cut off below
        np.multiply(shifted, np.float32(highest / (image.maximum - image.minimum)), out=out, casting="unsafe")
    if dtype.kind != "u":
        finite(out)
        return
    if image.rounding == "half up":
        out += np.float32(0.5)
    # asking for the least and the greatest value is quicker than clipping, and shows what is not finite
    least, greatest = out.min(initial=highest), out.max(initial=0)
    if least >= 0 and greatest < highest + 1:
        return
    if not (isfinite(least) and isfinite(greatest)):
        finite(values)
    np.clip(out, 0, highest, out=out)
