"""Weighted sums over windows of pixels whose number is known only at run time: antialiasing and area.

A result pixel is the weighted sum of one window of an axis. A matrix of all weights, [result, length], would grow
with the square of a picture's side; gathering the pixels of every window copies the picture once per tap. Instead,
BLOCK neighbouring result pixels share the stretch of input that covers their windows: the stretches, which overlap
a little, are gathered, and multiplied by one small matrix of weights each. Memory is about one copy of the input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pliant.operators._axis import integer, ints, length_of
from pliant.operators._onnx import op
from pliant.operators._sampling import swapped

BLOCK = 16


@dataclass(frozen=True)
class Windows:
    """Windows of input pixels, `first` <= pixel < `end`, both int64 [blocks * BLOCK] and never decreasing.

    `weigh` gives the weights of pixel numbers int64 [blocks, 1, span]: a tensor [blocks, BLOCK, span], which is 0
    outside the windows.
    """

    first: Any
    end: Any
    weigh: Callable[[Any], Any]


def blocked_targets(result: Any) -> Any:
    """Numbers of result pixels, int64 [blocks * BLOCK]: 0, 1, ... result - 1, the last one repeated."""
    count = op.Div(op.Add(result, integer(BLOCK - 1)), integer(BLOCK))
    padded = op.Range(integer(0), op.Mul(count, integer(BLOCK)), integer(1))
    return op.Min(padded, op.Sub(result, integer(1)))


def blocked(values: Any) -> Any:
    """One value per result pixel, [blocks * BLOCK], as [blocks, BLOCK, 1]."""
    return op.Reshape(values, ints(-1, BLOCK, 1))


def inside(first: Any, end: Any, pixels: Any) -> Any:
    """Which `pixels` [blocks, 1, span] are in the windows, bool [blocks, BLOCK, span]."""
    return op.And(op.GreaterOrEqual(pixels, blocked(first)), op.Less(pixels, blocked(end)))


def stretches(windows: Windows) -> Any:
    """Pixel numbers that cover the windows of each block, int64 [blocks, span]; the last ones may not exist."""
    first = op.Slice(op.Reshape(windows.first, ints(-1, BLOCK)), ints(0), ints(1), ints(1))
    end = op.Slice(op.Reshape(windows.end, ints(-1, BLOCK)), ints(BLOCK - 1), ints(BLOCK), ints(1))
    span = op.Max(op.ReduceMax(op.Sub(end, first), keepdims=0), integer(1))
    return op.Add(first, op.Range(integer(0), span, integer(1)))


def sums(x: Any, axis: int, rank: int, pixels: Any, weights: Any, order: Any) -> Any:
    """`x` of `rank` axes with `axis` replaced by weighted sums.

    `pixels` are `stretches`, `weights` [blocks, BLOCK, span] those of a `Windows`, in the type of `x`. `order` int64
    [result] says which sum each result pixel is: 0, 1, 2, ... as a rule.
    """
    last = op.Sub(length_of(x, axis), integer(1))
    x = swapped(x, axis, rank - 2, rank)
    rows = op.Gather(x, op.Min(pixels, last), axis=rank - 2)  # [..., blocks, span, columns]
    product = op.MatMul(weights, rows)  # [..., blocks, BLOCK, columns]
    leading = op.Shape(x, start=0, end=rank - 2)
    flat = op.Reshape(product, op.Concat(leading, ints(-1), op.Shape(x, start=rank - 1), axis=0))
    return swapped(op.Gather(flat, order, axis=rank - 2), axis, rank - 2, rank)


def windowed(x: Any, axis: int, rank: int, windows: Windows, order: Any) -> Any:
    """`sums` over `windows` with the weights they have."""
    pixels = stretches(windows)
    return sums(x, axis, rank, pixels, windows.weigh(op.Unsqueeze(pixels, ints(1))), order)
