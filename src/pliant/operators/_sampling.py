"""Where a resize samples its input and with which weights, in ONNX, bit for bit as PyTorch computes it.

PyTorch computes positions in float32 with one fused multiply-add; ONNX's Resize divides instead, and at a
few hundred pixels the two differ by more than 1e-5 of a pixel. Here the product is taken in double and rounded
once, which is what a fused multiply-add does.

Source: ATen/native/UpSample.h (`area_pixel_compute_source_index`, `get_cubic_upsample_coefficients`) and
cpu/UpSampleKernel.cpp (`compute_source_index_and_lambda`, `nearest_idx`, `nearest_exact_idx`).
"""

from __future__ import annotations

from typing import Any

from onnxscript import ir

from pliant.operators._onnx import op

DOUBLE, FLOAT, INT64 = ir.DataType.DOUBLE, ir.DataType.FLOAT, ir.DataType.INT64
CUBIC = -0.75  # the coefficient a of the cubic kernel, Keys 1981


def integer(value: int) -> Any:
    """A 0-d int64 constant."""
    return op.Constant(value_int=value)


def real(value: float) -> Any:
    """A 0-d float32 constant."""
    return op.Constant(value_float=value)


def precise(value: float) -> Any:
    """A 0-d double constant."""
    return op.Constant(value=ir.tensor(value, dtype=DOUBLE))


def step_of_scale(scale: Any) -> Any:
    """Input pixels per result pixel, float32, from a 0-d double factor."""
    return op.Cast(op.Div(precise(1.0), scale), to=FLOAT)


def step_of_size(length: Any, result: Any, *, corners: bool) -> Any:
    """Input pixels per result pixel, float32, from both lengths; with aligned corners 0 for one result pixel."""
    if not corners:
        return op.Div(op.Cast(length, to=FLOAT), op.Cast(result, to=FLOAT))
    one, several = integer(1), op.Greater(result, integer(1))
    gaps = op.Cast(op.Max(op.Sub(result, one), one), to=FLOAT)
    return op.Where(several, op.Div(op.Cast(op.Sub(length, one), to=FLOAT), gaps), real(0.0))


def targets(result: Any) -> Any:
    """0, 1, ... result - 1 as int64."""
    return op.Range(integer(0), result, integer(1))


def short_cuts(results: list[Any]) -> Any:
    """Whether PyTorch takes its short cuts for nearest neighbours, a 0-d bool; None if it never does.

    It does for a contiguous picture whose result has height + width <= 128, and never along one axis or three
    (`_use_vectorized_kernel_cond_2d` in cpu/UpSampleKernel.cpp; measured with torch 2.13.0 and one and two threads).
    """
    return op.LessOrEqual(op.Add(*results), integer(128)) if len(results) == 2 else None


def nearest(length: Any, result: Any, step: Any, *, exact: bool, short: Any) -> tuple[Any, None]:
    """Source indices [result]. "nearest-exact" looks at pixel centres; "nearest" may have two `short` cuts."""
    target = targets(result)
    position = op.Cast(target, to=FLOAT)
    if exact:
        position = op.Add(position, real(0.5))
    source = op.Cast(op.Floor(op.Mul(position, step)), to=INT64)
    if short is not None and not exact:
        doubled = op.And(short, op.Equal(result, op.Mul(length, integer(2))))
        source = op.Where(doubled, op.Div(target, integer(2)), source)
        source = op.Where(op.And(short, op.Equal(result, length)), target, source)
    return op.Min(source, op.Sub(length, integer(1))), None


def position_of(result: Any, step: Any, *, corners: bool) -> Any:
    """Positions in the input, float32 [result]."""
    target, factor = op.Cast(targets(result), to=DOUBLE), op.Cast(step, to=DOUBLE)
    if corners:
        return op.Cast(op.Mul(target, factor), to=FLOAT)
    half = precise(0.5)
    return op.Cast(op.Sub(op.Mul(op.Add(target, half), factor), half), to=FLOAT)


def split(position: Any, length: Any) -> tuple[Any, Any]:
    """A position as (index of the pixel before it, int64; distance from it in [0, 1], float32)."""
    before = op.Min(op.Cast(op.Floor(position), to=INT64), op.Sub(length, integer(1)))
    distance = op.Clip(op.Sub(position, op.Cast(before, to=FLOAT)), real(0.0), real(1.0))
    return before, distance


def columns(*vectors: Any) -> Any:
    """Vectors [m] side by side as [m, k]."""
    axis = op.Constant(value_ints=[1])
    return op.Concat(*(op.Unsqueeze(v, axis) for v in vectors), axis=1)


def linear(length: Any, result: Any, step: Any, *, corners: bool) -> tuple[Any, Any]:
    """Source indices int64 [result, 2] and weights float32 [result, 2]; a copy where the length stays the same."""
    position = op.Max(position_of(result, step, corners=corners), real(0.0))
    before, distance = split(position, length)
    same = op.Equal(result, length)
    before = op.Where(same, targets(result), before)
    distance = op.Where(same, real(0.0), distance)
    after = op.Min(op.Add(before, integer(1)), op.Sub(length, integer(1)))
    return columns(before, after), columns(op.Sub(real(1.0), distance), distance)


def near(x: Any) -> Any:
    """The cubic kernel for |x| <= 1: ((a + 2) x - (a + 3)) x^2 + 1."""
    inner = op.Sub(op.Mul(x, real(CUBIC + 2)), real(CUBIC + 3))
    return op.Add(op.Mul(op.Mul(inner, x), x), real(1.0))


def far(x: Any) -> Any:
    """The cubic kernel for 1 < |x| < 2: ((a x - 5 a) x + 8 a) x - 4 a."""
    inner = op.Add(op.Mul(op.Sub(op.Mul(x, real(CUBIC)), real(5 * CUBIC)), x), real(8 * CUBIC))
    return op.Sub(op.Mul(inner, x), real(4 * CUBIC))


def cubic(length: Any, result: Any, step: Any, *, corners: bool) -> tuple[Any, Any]:
    """Source indices int64 [result, 4] and weights float32 [result, 4]; indices outside repeat the edge."""
    before, t = split(position_of(result, step, corners=corners), length)
    one, last = real(1.0), op.Sub(length, integer(1))
    offsets = op.Constant(value_ints=[-1, 0, 1, 2])
    indices = op.Add(op.Unsqueeze(before, op.Constant(value_ints=[1])), offsets)
    indices = op.Min(op.Max(indices, integer(0)), last)
    weights = columns(far(op.Add(t, one)), near(t), near(op.Sub(one, t)), far(op.Sub(real(2.0), t)))
    return indices, weights


def resample(x: Any, axis: int, rank: int, indices: Any, weights: Any) -> Any:
    """`x` of `rank` axes with `axis` replaced by weighted sums of its elements, or by single elements.

    The axis is brought to the last but one place, so that what is gathered and summed are rows in memory.
    """
    if weights is None:
        return op.Gather(x, indices, axis=axis)
    order = list(range(rank))
    order[axis], order[rank - 2] = order[rank - 2], order[axis]
    moved = axis != rank - 2
    if moved:
        x = op.Transpose(x, perm=order)
    rows = op.Gather(x, indices, axis=rank - 2)  # [..., m, k, columns]
    sums = op.MatMul(op.Unsqueeze(weights, op.Constant(value_ints=[1])), rows)  # [m, 1, k] @ [..., m, k, columns]
    sums = op.Squeeze(sums, op.Constant(value_ints=[rank - 1]))
    return op.Transpose(sums, perm=order) if moved else sums
