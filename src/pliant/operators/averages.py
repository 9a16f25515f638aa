"""Sum, mean, variance, standard deviation and norm, over several axes one at a time (see `_averages`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from onnxscript import ir

from pliant.operators._averages import NARROW, axes_of, axis_by_axis, centred, mean
from pliant.operators._onnx import op
from pliant.operators.base import Operator

# by order of the norm: the reduction, and whether it wants absolute values
REDUCTIONS: dict[float, tuple[Callable[..., Any], bool]] = {
    1: (op.ReduceL1, False),
    2: (op.ReduceL2, False),
    math.inf: (op.ReduceMax, True),
    -math.inf: (op.ReduceMin, True),
}
FLOATS = (ir.DataType.FLOAT, ir.DataType.DOUBLE, *NARROW)


def total(x: Any, dim: Sequence[int] | None = None, keepdim: bool = False, dtype: int = -1) -> Any:
    """The sum in the type PyTorch gives it: that asked for, the own one of floating data, else int64."""
    return _reduced(op.ReduceSum, x, dim, keepdim, dtype if _given(dtype) else _own(x.dtype))


def average(x: Any, dim: Sequence[int] | None = None, keepdim: bool = False, dtype: int = -1) -> Any:
    """The mean, of floating data or in the floating type asked for."""
    return _reduced(op.ReduceMean, x, dim, keepdim, dtype if _given(dtype) else x.dtype)


def over_all(reduce: Callable[..., Any]) -> Callable[..., Any]:
    """The overload without axes."""

    def translation(x: Any, dtype: int = -1) -> Any:
        return reduce(x, None, False, dtype)

    return translation


def variance(
    x: Any, dim: Sequence[int] | None = None, correction: float | None = None, keepdim: bool = False
) -> tuple[Any, Any]:
    """The variance with `correction` less than the number of elements as the divisor (1 for None), and the mean."""
    dtype, axes = x.dtype, axes_of(x, dim)
    wide = op.Cast(x, to=ir.DataType.FLOAT) if dtype in NARROW else x
    rest, middle = centred(wide, lambda values: mean(values, axes))
    squares = axis_by_axis(op.ReduceSum, op.Mul(rest, rest), axes, True)
    divided = op.Div(squares, op.CastLike(_divisor(x, axes, 1.0 if correction is None else float(correction)), squares))
    return tuple(op.CastLike(_kept(value, axes, keepdim), x) for value in (divided, middle))  # type: ignore[return-value]


def deviation(x: Any, dim: Any = None, correction: Any = None, keepdim: bool = False) -> tuple[Any, Any]:
    """The square root of the variance, and the mean."""
    spread, middle = variance(x, dim, correction, keepdim)
    return op.Sqrt(spread), middle


def norm(x: Any, ord: float = 2, dim: Sequence[int] | None = None, keepdim: bool = False, dtype: int = -1) -> Any:  # noqa: A002
    """The vector norm of order `ord`: the norm along one axis is taken of the norms along another."""
    result = dtype if _given(dtype) else x.dtype
    wide = ir.DataType.FLOAT if result in NARROW else result
    values, axes = (op.Cast(x, to=wide) if x.dtype != wide else x), axes_of(x, dim)
    if ord in REDUCTIONS:
        reduce, absolute = REDUCTIONS[ord]
        values = axis_by_axis(reduce, op.Abs(values) if absolute or not axes else values, axes, keepdim)
    elif ord == 0:
        values = axis_by_axis(op.ReduceSum, op.Cast(op.Cast(values, to=ir.DataType.BOOL), to=wide), axes, keepdim)
    else:
        powers = op.Pow(op.Abs(values), op.CastLike(_double(float(ord)), values))
        values = axis_by_axis(op.ReduceSum, powers, axes, keepdim)
        values = op.Pow(values, op.CastLike(_double(1.0 / float(ord)), values))
    return op.Cast(values, to=result) if result != wide else values


def _first(both: Callable[..., tuple[Any, Any]]) -> Callable[..., Any]:
    return lambda *args, **kwargs: both(*args, **kwargs)[0]


def _divisor(x: Any, axes: Sequence[int], correction: float) -> Any:
    """The number of elements along `axes` less the correction, not below zero, a double."""
    shape = op.Shape(x)
    lengths = op.Gather(shape, op.Constant(value_ints=list(axes))) if axes else op.Constant(value_ints=[1])
    count = op.Cast(op.ReduceProd(lengths, keepdims=0), to=ir.DataType.DOUBLE)
    return op.Max(op.Sub(count, _double(correction)), _double(0.0))


def _double(value: float) -> Any:
    return op.Constant(value=ir.tensor(value, dtype=ir.DataType.DOUBLE))


def _reduced(reduce: Callable[..., Any], x: Any, dim: Any, keepdim: bool, dtype: int) -> Any:
    """`reduce` with a result of `dtype`; a type with few digits only holds the result."""
    wide = ir.DataType.FLOAT if dtype in NARROW else dtype
    values = op.Cast(x, to=wide) if x.dtype != wide else x
    axes = axes_of(x, dim)
    values = axis_by_axis(reduce, values, axes, keepdim) if axes else op.Identity(values)
    return op.Cast(values, to=dtype) if dtype != wide else values


def _kept(value: Any, axes: Sequence[int], keepdim: bool) -> Any:
    return value if keepdim or not axes else op.Squeeze(value, op.Constant(value_ints=list(axes)))


def _given(dtype: int | None) -> bool:
    return dtype is not None and dtype != -1


def _own(dtype: ir.DataType) -> ir.DataType:
    return dtype if dtype in FLOATS else ir.DataType.INT64


aten = torch.ops.aten
PICTURE = torch.arange(48.0).reshape(2, 4, 6).cos() + 2.0
REDUCED = ((PICTURE,), (PICTURE, [1], True), (PICTURE, [0, -1]), (PICTURE, [2], False))
OPERATOR = Operator(
    translations={
        aten.sum.default: over_all(total),
        aten.sum.dim_IntList: total,
        aten.mean.default: over_all(average),
        aten.mean.dim: average,
        aten.var.correction: _first(variance),
        aten.std.correction: _first(deviation),
        aten.var_mean.correction: variance,
        aten.std_mean.correction: deviation,
        aten.linalg_vector_norm.default: norm,
    },
    samples={
        aten.sum.default: REDUCED[:1],
        aten.sum.dim_IntList: REDUCED[1:],
        aten.mean.default: REDUCED[:1],
        aten.mean.dim: REDUCED[1:],
        aten.var.correction: REDUCED[:1],
        aten.std.correction: REDUCED[:1],
        aten.linalg_vector_norm.default: tuple(
            (PICTURE, order, axes) for order in (1, 2, 3.5, math.inf, -math.inf) for axes in (None, [0, 2])
        ),
    },
)
