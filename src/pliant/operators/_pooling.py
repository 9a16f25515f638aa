"""Pooling over windows that divide an axis into a number of parts known only at run time.

Part i of `result` begins at floor(i * length / result) and ends before ceil((i + 1) * length / result), so that
windows may overlap, and repeat where there are more of them than pixels.
Source: ATen/native/AdaptivePooling.h (`start_index`, `end_index`).
"""

from __future__ import annotations

from typing import Any

from onnxscript import ir

from pliant.operators._axis import DOUBLE, FLOAT, constant, integer, ints, length_of
from pliant.operators._onnx import op
from pliant.operators._windows import Windows, blocked, blocked_targets, inside, windowed


def parts(length: Any, result: Any, target: Any) -> tuple[Any, Any]:
    """(first pixel, end) of the parts with the numbers `target`, int64."""
    whole = op.Max(result, integer(1))  # dividing by no parts would end the process, also where nothing is pooled
    first = op.Div(op.Mul(target, length), whole)
    following = op.Mul(op.Add(target, integer(1)), length)
    end = op.Div(op.Add(following, op.Sub(whole, integer(1))), whole)
    return first, end


def average(x: Any, results: dict[int, Any], rank: int) -> Any:
    """Means over the parts of each axis in `results`, which maps it to the number of parts, an int or 0-d int64."""
    precision = DOUBLE if x.dtype == DOUBLE else FLOAT
    values = x if x.dtype == precision else op.Cast(x, to=precision)
    for axis, result in results.items():
        if isinstance(result, int) and result == 1:
            values = op.ReduceMean(values, ints(axis), keepdims=1)
        else:
            values = _means(values, axis, rank, _number(result), precision)
    return values if x.dtype == precision else op.Cast(values, to=x.dtype)


def _number(value: Any) -> Any:
    return integer(value) if isinstance(value, int) else value


def _means(x: Any, axis: int, rank: int, result: Any, precision: ir.DataType) -> Any:
    length = length_of(x, axis)
    first, end = parts(length, result, blocked_targets(result))
    share = op.Div(constant(1.0, precision), op.Cast(op.Sub(end, first), to=precision))

    def weigh(pixels: Any) -> Any:
        return op.Where(inside(first, end, pixels), blocked(share), constant(0.0, precision))

    order = op.Range(integer(0), result, integer(1))
    return windowed(x, axis, rank, Windows(first, end, weigh), order)


def maximum(x: Any, results: dict[int, Any]) -> Any:
    """Largest values of the parts of each axis in `results`, which maps it to the number of parts.

    The windows' pixels are gathered, about one copy of the input.
    """
    precision = DOUBLE if x.dtype == DOUBLE else FLOAT
    values = x if x.dtype == precision else op.Cast(x, to=precision)
    for axis, result in results.items():
        if isinstance(result, int) and result == 1:
            values = op.ReduceMax(values, ints(axis), keepdims=1)
        else:
            values = _maxima(values, axis, _number(result))
    return values if x.dtype == precision else op.Cast(values, to=x.dtype)


def _maxima(x: Any, axis: int, result: Any) -> Any:
    target = op.Range(integer(0), result, integer(1))
    first, end = parts(length_of(x, axis), result, target)
    taps = op.Range(integer(0), op.ReduceMax(op.Sub(end, first), keepdims=0), integer(1))
    last = op.Unsqueeze(op.Sub(end, integer(1)), ints(1))
    pixels = op.Min(op.Add(op.Unsqueeze(first, ints(1)), taps), last)  # [result, taps]: the last pixel repeats
    return op.ReduceMax(op.Gather(x, pixels, axis=axis), ints(axis + 1), keepdims=0)
