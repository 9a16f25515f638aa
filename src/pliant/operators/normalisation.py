"""Group and instance normalisation as arithmetic, exact also for large pictures (see `_averages`).

ONNX has operators for both, and engines add up all pixels of a channel there, one after another, in float32: with
ONNX Runtime 3e-4 of the range is lost on 3,000x3,000 pixels, and nearly all of features whose mean is large beside
their spread. Here only channels are reshaped, never pixels, so that an engine that fixes reshapes can keep live sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from onnxscript import ir

from pliant.operators._averages import NARROW, centred, mean
from pliant.operators._axis import constant, ints
from pliant.operators._onnx import op
from pliant.operators.base import Operator


def group_norm(
    x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, cudnn_enabled: bool = True
) -> Any:
    """(x - mean) / sqrt(variance + eps) with the mean and the variance of each group of channels and all pixels."""
    del cudnn_enabled
    return normalised(x, num_groups, weight, bias, eps)


def normalised(x: Any, groups: int, weight: Any, bias: Any, eps: float) -> Any:
    """`x`, [n, c, ...], normalised within `groups` of its channels, then scaled and shifted by channel."""
    wide = op.Cast(x, to=ir.DataType.FLOAT) if x.dtype in NARROW else x
    precision = ir.DataType.FLOAT if x.dtype in NARROW else x.dtype
    average = _average(len(x.shape), x.shape[1], groups)
    rest, _ = centred(wide, average)
    spread = op.Sqrt(op.Add(average(op.Mul(rest, rest)), constant(eps, precision)))
    result = op.Div(rest, spread) if weight is None else op.Mul(rest, op.Div(_by_channel(weight, x, precision), spread))
    if bias is not None:
        result = op.Add(result, _by_channel(bias, x, precision))
    return op.Cast(result, to=x.dtype) if x.dtype in NARROW else result


def _average(rank: int, channels: int, groups: int) -> Callable[[Any], Any]:
    """What takes the mean of each group, [n, c, 1, ...]: of the pixels, then of the channels of the group."""
    pixels, ones = range(2, rank), [1] * (rank - 2)

    def average(x: Any) -> Any:
        means = mean(x, pixels)
        if groups == channels:
            return means
        if groups == 1:
            return mean(means, [1])
        each = op.ReduceMean(op.Reshape(means, ints(0, groups, channels // groups)), ints(2), keepdims=1)
        return op.Reshape(op.Expand(each, ints(1, 1, channels // groups)), ints(0, channels, *ones))

    return average


def _by_channel(values: Any, x: Any, precision: ir.DataType) -> Any:
    """One value for each channel, [c, 1, ...]."""
    values = op.Cast(values, to=precision) if values.dtype != precision else values
    return op.Reshape(values, ints(-1, *[1] * (len(x.shape) - 2)))


def instance_norm(
    x: Any,
    weight: Any = None,
    bias: Any = None,
    running_mean: Any = None,
    running_var: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Any:
    """Every channel normalised by itself, or with the statistics that training has kept."""
    del momentum, cudnn_enabled
    if use_input_stats:
        return normalised(x, int(x.shape[1]), weight, bias, eps)
    one, zero = (op.CastLike(op.Expand(constant(v, ir.DataType.FLOAT), op.Shape(running_mean)), x) for v in (1.0, 0.0))
    scale, shift = (one if weight is None else weight), (zero if bias is None else bias)
    return op.BatchNormalization(x, scale, shift, running_mean, running_var, epsilon=eps)


PICTURE = torch.arange(168.0).reshape(2, 4, 3, 7).cos() + 2.0
WEIGHT, BIAS = torch.tensor([1.0, 2.0, 3.0, 0.5]), torch.tensor([0.0, -1.0, 2.0, 1.0])
OPERATOR = Operator(
    translations={torch.ops.aten.group_norm.default: group_norm, torch.ops.aten.instance_norm.default: instance_norm},
    samples={
        torch.ops.aten.group_norm.default: (
            (PICTURE, 2, WEIGHT, BIAS),
            (PICTURE, 1, None, None, 1e-3),
            (PICTURE[:, :, 0], 4, WEIGHT, BIAS),
            (PICTURE[:, :, 0, 0], 2, WEIGHT, BIAS),
        ),
        torch.ops.aten.instance_norm.default: (
            (PICTURE, None, None, None, None, True, 0.1, 1e-5, False),
            (PICTURE, WEIGHT, BIAS, None, None, True, 0.1, 1e-5, False),
        ),
    },
)
