"""Resizing bytes as PyTorch does: weights of 16 bits, sums of whole numbers, one rounding per axis.

Everything is a whole number, and is computed in double, where such sums are exact.
Source: ATen/native/cpu/UpSampleKernel.cpp (`_compute_index_ranges_int16_weights`,
`_compute_indices_min_size_weights`, "Weights computation for uint8_t and multiplication trick").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnxscript import ir

from pliant.operators._axis import DOUBLE, Axis, integer, ints, precise, same, targets
from pliant.operators._onnx import op

BITS = 22  # the most that are kept of a weight's fraction
LARGEST = 2**15  # what the largest weight must stay below


def fixed_point(weights: Any, largest: Any) -> tuple[Any, Any]:
    """Weights as whole numbers, and by what to divide their sums, a power of 2; all double.

    `largest` is the largest weight, which decides how many bits are kept.
    """
    powers = op.Constant(value=ir.tensor([2.0**k for k in range(1, BITS + 1)], dtype=DOUBLE))
    fitting = op.Less(op.Floor(op.Add(op.Mul(powers, largest), precise(0.5))), precise(LARGEST))
    unit = op.Pow(precise(2.0), op.ReduceSum(op.Cast(fitting, to=DOUBLE), keepdims=0))
    scaled = op.Mul(weights, unit)
    away = op.Mul(op.Sign(scaled), op.Floor(op.Add(op.Abs(scaled), precise(0.5))))  # halves go away from 0
    return away, unit


def to_byte(total: Any, unit: Any) -> Any:
    """Sums divided by `unit`, rounded half up and cut to 0..255; still double."""
    value = op.Floor(op.Div(op.Add(total, op.Div(unit, precise(2.0))), unit))
    return op.Clip(value, precise(0.0), precise(255.0))


def merged(axis: Axis, indices: Any, weights: Any, taps: int) -> tuple[Any, Any]:
    """(weights, the largest of them) of [result, taps] taps, those of one pixel summed before they are rounded.

    Where the length stays the same, PyTorch copies: one weight is 1. The largest counts partial sums too, since
    PyTorch looks while it sums.
    """
    earlier = op.Constant(value=ir.tensor(np.tri(taps, dtype=bool)))
    one_pixel = op.Equal(op.Unsqueeze(indices, ints(2)), op.Unsqueeze(indices, ints(1)))  # [result, taps, taps]
    zero = precise(0.0)
    partial = op.Where(op.And(one_pixel, earlier), op.Unsqueeze(weights, ints(1)), zero)
    partial = op.ReduceSum(partial, ints(2), keepdims=0)
    later = op.Constant(value=ir.tensor(np.tri(taps, k=-1, dtype=bool).T.copy()))
    followed = op.ReduceMax(op.Cast(op.And(one_pixel, later), to=DOUBLE), ints(2), keepdims=0)
    total = op.Where(op.Greater(followed, zero), zero, partial)
    own = op.Cast(op.Equal(indices, op.Unsqueeze(targets(axis), ints(1))), to=DOUBLE)
    first = op.Equal(op.CumSum(own, integer(1)), precise(1.0))
    copy = op.Where(first, own, zero)
    largest = op.Max(op.ReduceMax(op.Where(same(axis), copy, partial), keepdims=0), zero)
    return op.Where(same(axis), copy, total), largest
