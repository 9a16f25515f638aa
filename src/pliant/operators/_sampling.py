"""Resizing with a fixed number of taps per result pixel: nearest, linear and cubic.

Source: ATen/native/UpSample.h (`compute_source_index_and_lambda`, `guard_index_and_lambda`, `nearest_idx`,
`nearest_exact_idx`, `get_cubic_upsample_coefficients`) and cpu/UpSampleKernel.cpp (`HelperInterpNearest`,
`HelperInterpNearestExact`, `_use_vectorized_kernel_cond_2d`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from onnxscript import ir

from pliant.operators._axis import (
    DOUBLE,
    FLOAT,
    Axis,
    constant,
    integer,
    ints,
    position,
    precise,
    same,
    step,
    targets,
    whole,
)
from pliant.operators._onnx import op

CUBIC = -0.75  # the coefficient a of the cubic kernel, Keys 1981; with antialiasing it is another


def short_cuts(results: list[Any]) -> Any:
    """Whether PyTorch takes another kernel for nearest neighbours, a 0-d bool; None if it never does.

    It does for a contiguous picture whose result has height + width <= 128, and never along one axis or three
    (measured with torch 2.13.0 and one and two threads).
    """
    return op.LessOrEqual(op.Add(*results), integer(128)) if len(results) == 2 else None


def nearest(axis: Axis, *, exact: bool, short: Any) -> Any:
    """Source indices int64 [result]; "nearest-exact" looks at pixel centres. `short` is of `short_cuts`."""
    target = targets(axis)
    if exact:
        centre = op.Max(position(axis), constant(0.0, axis.precision))
        source = whole(op.Add(op.Cast(centre, to=DOUBLE), precise(0.5)))
    else:
        source = whole(_product(axis, op.Cast(target, to=DOUBLE)))
    if short is not None:
        source = op.Where(short, _short_cut(axis, target, source, exact=exact), source)
    return op.Min(source, op.Sub(axis.length, integer(1)))


def _product(axis: Axis, target: Any) -> Any:
    """step * target in the axis's precision."""
    return op.Cast(op.Mul(target, op.Cast(step(axis), to=DOUBLE)), to=axis.precision)


def _short_cut(axis: Axis, target: Any, source: Any, *, exact: bool) -> Any:
    """What PyTorch's other kernel takes: float32 for all data, copies and doublings for "nearest" alone."""
    axis = replace(axis, precision=FLOAT)
    if exact:
        return whole(_product(axis, op.Add(op.Cast(target, to=DOUBLE), precise(0.5))))
    source = whole(_product(axis, op.Cast(target, to=DOUBLE)))
    doubled = op.Equal(axis.result, op.Mul(axis.length, integer(2)))
    source = op.Where(doubled, op.Div(target, integer(2)), source)
    return op.Where(same(axis), target, source)


def split(at: Any, axis: Axis) -> tuple[Any, Any]:
    """Positions as (index of the pixel before, int64; distance from it in [0, 1], in the axis's precision)."""
    before = op.Min(whole(at), op.Sub(axis.length, integer(1)))
    zero, one = constant(0.0, axis.precision), constant(1.0, axis.precision)
    return before, op.Clip(op.Sub(at, op.Cast(before, to=axis.precision)), zero, one)


def columns(*vectors: Any) -> Any:
    """Vectors [m] side by side as [m, k]."""
    return op.Concat(*(op.Unsqueeze(v, ints(1)) for v in vectors), axis=1)


def linear(axis: Axis) -> tuple[Any, Any]:
    """Source indices int64 [result, 2] and weights [result, 2]; a copy where the length stays the same."""
    zero = constant(0.0, axis.precision)
    before, distance = split(op.Max(position(axis), zero), axis)
    before = op.Where(same(axis), targets(axis), before)
    distance = op.Where(same(axis), zero, distance)
    after = op.Min(op.Add(before, integer(1)), op.Sub(axis.length, integer(1)))
    return columns(before, after), columns(op.Sub(constant(1.0, axis.precision), distance), distance)


def near(x: Any, a: float, dtype: ir.DataType) -> Any:
    """The cubic kernel for |x| <= 1: ((a + 2) x - (a + 3)) x^2 + 1."""
    inner = op.Sub(op.Mul(x, constant(a + 2, dtype)), constant(a + 3, dtype))
    return op.Add(op.Mul(op.Mul(inner, x), x), constant(1.0, dtype))


def far(x: Any, a: float, dtype: ir.DataType) -> Any:
    """The cubic kernel for 1 < |x| < 2: ((a x - 5 a) x + 8 a) x - 4 a."""
    inner = op.Sub(op.Mul(x, constant(a, dtype)), constant(5 * a, dtype))
    return op.Sub(op.Mul(op.Add(op.Mul(inner, x), constant(8 * a, dtype)), x), constant(4 * a, dtype))


def cubic(axis: Axis) -> tuple[Any, Any]:
    """Source indices int64 [result, 4] and weights [result, 4]; indices outside repeat the edge."""
    dtype = axis.precision
    before, t = split(position(axis), axis)
    indices = op.Add(op.Unsqueeze(before, ints(1)), ints(-1, 0, 1, 2))
    indices = op.Min(op.Max(indices, integer(0)), op.Sub(axis.length, integer(1)))
    one, two = constant(1.0, dtype), constant(2.0, dtype)
    inner = near(t, CUBIC, dtype), near(op.Sub(one, t), CUBIC, dtype)
    weights = columns(far(op.Add(t, one), CUBIC, dtype), *inner, far(op.Sub(two, t), CUBIC, dtype))
    return indices, weights


def swapped(x: Any, a: int, b: int, rank: int) -> Any:
    """`x` of `rank` axes with two of them exchanged."""
    order = list(range(rank))
    order[a], order[b] = order[b], order[a]
    return x if a == b else op.Transpose(x, perm=order)


def resample(x: Any, axis: int, rank: int, indices: Any, weights: Any) -> Any:
    """`x` of `rank` axes with `axis` replaced by sums of its elements at `indices` [m, k] with `weights` [m, k].

    The axis is brought to the last but one place, so that what is gathered and summed are rows in memory.
    """
    rows = op.Gather(swapped(x, axis, rank - 2, rank), indices, axis=rank - 2)  # [..., m, k, columns]
    sums = op.MatMul(op.Unsqueeze(weights, ints(1)), rows)  # [m, 1, k] @ [..., m, k, columns]
    return swapped(op.Squeeze(sums, ints(rank - 1)), axis, rank - 2, rank)
