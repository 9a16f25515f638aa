"""One axis of a resize in ONNX: its lengths, and the positions its result pixels have in the input.

PyTorch computes positions in float32, in double for float64 data and for bytes, with one fused multiply-add. ONNX's
Resize divides instead, and at a few hundred pixels the two differ by more than 1e-5 of a pixel. Here the product is
taken in double and rounded once, which for float32 is what a fused multiply-add does.

Source: ATen/native/UpSample.h (`compute_scales_value`, `area_pixel_compute_scale`,
`area_pixel_compute_source_index`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onnxscript import ir

from pliant.operators._onnx import op

DOUBLE, FLOAT, INT64, UINT8 = ir.DataType.DOUBLE, ir.DataType.FLOAT, ir.DataType.INT64, ir.DataType.UINT8


@dataclass(frozen=True)
class Axis:
    """`length` input pixels become `result` pixels, both 0-d int64.

    `scale` is a 0-d double for "scale" semantics, None for "size" semantics. With `corners` the outer pixels keep
    their places. `precision` is the type PyTorch computes positions and weights in, FLOAT or DOUBLE.
    """

    length: Any
    result: Any
    scale: Any
    corners: bool
    precision: ir.DataType


def integer(value: int) -> Any:
    """A 0-d int64 constant."""
    return op.Constant(value_int=value)


def constant(value: float, dtype: ir.DataType) -> Any:
    """A 0-d constant of a floating type."""
    return op.Constant(value=ir.tensor(value, dtype=dtype))


def precise(value: float) -> Any:
    """A 0-d double constant."""
    return constant(value, DOUBLE)


def ints(*values: int) -> Any:
    """A constant int64 vector."""
    return op.Constant(value_ints=list(values))


def length_of(x: Any, axis: int) -> Any:
    """The length of an axis, counted from the first, as a 0-d int64."""
    return op.Squeeze(op.Shape(x, start=axis, end=axis + 1))


def rounded(value: Any, dtype: ir.DataType) -> Any:
    """A double rounded to the precision `dtype`, as a double."""
    return value if dtype == DOUBLE else op.Cast(op.Cast(value, to=dtype), to=DOUBLE)


def step(axis: Axis) -> Any:
    """Input pixels per result pixel, 0-d in the axis's precision; with aligned corners 0 for one result pixel."""
    one = integer(1)
    if axis.corners:
        gaps = op.Cast(op.Max(op.Sub(axis.result, one), one), to=axis.precision)
        between = op.Div(op.Cast(op.Sub(axis.length, one), to=axis.precision), gaps)
        return op.Where(op.Greater(axis.result, one), between, constant(0.0, axis.precision))
    if axis.scale is not None:
        return op.Cast(op.Div(precise(1.0), axis.scale), to=axis.precision)
    return op.Div(op.Cast(axis.length, to=axis.precision), op.Cast(axis.result, to=axis.precision))


def targets(axis: Axis) -> Any:
    """0, 1, ... result - 1 as int64."""
    return op.Range(integer(0), axis.result, integer(1))


def position(axis: Axis) -> Any:
    """Where result pixels lie in the input, [result] in the axis's precision; -0.5 is the outer edge of pixel 0."""
    target, factor = op.Cast(targets(axis), to=DOUBLE), op.Cast(step(axis), to=DOUBLE)
    if axis.corners:
        return op.Cast(op.Mul(target, factor), to=axis.precision)
    half = precise(0.5)
    return op.Cast(op.Sub(op.Mul(op.Add(target, half), factor), half), to=axis.precision)


def whole(position: Any) -> Any:
    """The pixel at or before a position, int64. PyTorch takes `floorf`: a double is rounded to float32 first."""
    return op.Cast(op.Floor(op.Cast(position, to=FLOAT)), to=INT64)


def same(axis: Axis) -> Any:
    """Whether the length does not change, a 0-d bool."""
    return op.Equal(axis.length, axis.result)
