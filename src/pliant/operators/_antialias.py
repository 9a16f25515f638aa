"""Antialiased resizing: a kernel as wide as the step, cut off at the edges, its weights summing to 1.

Which pixels a window has and at which positions the kernel is evaluated is computed as PyTorch does, with its
roundings. Source: ATen/native/cpu/UpSampleKernel.cpp (`_compute_indices_min_size_weights_aa`,
`_compute_index_ranges_weights`, `aa_filter`), whose kernels are those of Pillow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onnxscript import ir

from pliant.operators._axis import DOUBLE, INT64, Axis, constant, integer, ints, precise, rounded, same, step
from pliant.operators._onnx import op
from pliant.operators._sampling import far, near
from pliant.operators._windows import Windows, blocked, blocked_targets, inside

CUBIC = -0.5  # the coefficient a of the cubic kernel: Pillow's, where -0.75 is OpenCV's


@dataclass(frozen=True)
class Kernel:
    """A kernel that is 0 beyond `support`; `body` is its value at a distance >= 0 below that, in a given type."""

    support: float
    body: Callable[[Any, ir.DataType], Any]


def _triangle(x: Any, dtype: ir.DataType) -> Any:
    return op.Sub(constant(1.0, dtype), x)


def _keys(x: Any, dtype: ir.DataType) -> Any:
    return op.Where(op.Less(x, constant(1.0, dtype)), near(x, CUBIC, dtype), far(x, CUBIC, dtype))


def _sinc(x: Any, dtype: ir.DataType) -> Any:
    angle = op.Mul(x, constant(math.pi, dtype))
    zero, one = constant(0.0, dtype), constant(1.0, dtype)
    at_zero = op.Equal(x, zero)
    return op.Where(at_zero, one, op.Div(op.Sin(angle), op.Where(at_zero, one, angle)))


def _lanczos(x: Any, dtype: ir.DataType) -> Any:
    return op.Mul(_sinc(x, dtype), _sinc(op.Div(x, constant(3.0, dtype)), dtype))


KERNELS = {"bilinear": Kernel(1.0, _triangle), "bicubic": Kernel(2.0, _keys), "lanczos": Kernel(3.0, _lanczos)}


def antialiased(axis: Axis, kernel: Kernel) -> Windows:
    """The windows of an antialiased resize; weights in the axis's precision. A copy where the length stays the same."""
    dtype, half, one = axis.precision, precise(0.5), precise(1.0)
    factor = op.Cast(step(axis), to=DOUBLE)
    stretch = op.Max(factor, one)  # pixels get wider when there are fewer of them
    support = rounded(op.Mul(stretch, precise(kernel.support)), dtype)
    inverse = rounded(op.Div(one, stretch), dtype)
    target = blocked_targets(axis.result)
    centre = rounded(op.Mul(op.Add(op.Cast(target, to=DOUBLE), half), factor), dtype)
    first = _cut(op.Sub(centre, support), axis)
    most = op.Add(op.Mul(op.Cast(op.Ceil(support), to=INT64), integer(2)), integer(1))
    end = op.Min(_cut(op.Add(centre, support), axis), op.Add(first, most))
    first = op.Where(same(axis), target, first)
    end = op.Where(same(axis), op.Add(target, integer(1)), op.Max(end, first))

    def weigh(pixels: Any) -> Any:
        distance = rounded(op.Sub(op.Cast(pixels, to=DOUBLE), blocked(centre)), dtype)
        x = op.Abs(op.Cast(op.Mul(op.Add(distance, half), inverse), to=dtype))
        used = op.And(inside(first, end, pixels), op.Less(x, constant(kernel.support, dtype)))
        return normalised(op.Where(used, kernel.body(x, dtype), constant(0.0, dtype)), dtype)

    return Windows(first, end, weigh)


def _cut(edge: Any, axis: Axis) -> Any:
    """The pixel whose centre comes next after an edge, int64 in [0, length]."""
    pixel = op.Cast(op.Add(rounded(edge, axis.precision), precise(0.5)), to=INT64)
    return op.Min(op.Max(pixel, integer(0)), axis.length)


def normalised(weights: Any, dtype: ir.DataType) -> Any:
    """Weights that sum to 1 along the last axis; where they sum to 0 they stay."""
    total = op.ReduceSum(weights, ints(-1), keepdims=1)
    return op.Div(weights, op.Where(op.Equal(total, constant(0.0, dtype)), constant(1.0, dtype), total))
