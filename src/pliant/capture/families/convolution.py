"""Convolutions padded by a live amount.

The pads of a convolution are an attribute in ONNX, but zeros put around its input beforehand are data, and as many as
one likes. Strides, dilations and groups remain attributes: those are refused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import SymInt, Tensor

from pliant.capture.base import Capture


def widened(x: Tensor, axis: int, amount: Any) -> Tensor:
    """`x` with `amount` zeros before and after it along `axis`."""
    shape = list(x.shape)
    shape[axis] = amount
    zeros = x.new_zeros(shape)
    return torch.cat([zeros, x, zeros], axis)


def padded_first(convolution: Callable[..., Tensor], rank: int) -> Callable[..., Any]:
    """`convolution`, which has `rank` spatial axes, with a live padding put around its input."""

    def handler(
        input: Tensor,  # noqa: A002 - PyTorch's name, and callers use it as a keyword
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        for attribute in (stride, dilation, groups):
            for number in attribute if isinstance(attribute, (list, tuple)) else [attribute]:
                operator.index(number)  # PyTorch would trace a live one, and fail when there is no line to tell
        given = [padding] * rank if not isinstance(padding, (list, tuple)) else list(padding)
        amounts = [p.item() if isinstance(p, Tensor) else p for p in given]
        if not any(isinstance(p, SymInt) for p in amounts):
            return NotImplemented
        amounts = amounts * rank if len(amounts) == 1 else amounts
        if len(amounts) != rank:
            return NotImplemented
        for axis, amount in enumerate(amounts, start=input.dim() - rank):
            if not isinstance(amount, int) or amount:
                input = widened(input, axis, amount)  # noqa: A001
        return convolution(input, weight, bias, stride, 0, dilation, groups)

    return handler


def transposed(convolution: Callable[..., Tensor], rank: int) -> Callable[..., Any]:
    """`convolution`, a transposed one, with a live `output_padding`: with as much as it may have, and then cut."""

    def handler(
        input: Tensor,  # noqa: A002 - PyTorch's name
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Any:
        for attribute in (stride, padding, groups, dilation):
            for number in attribute if isinstance(attribute, (list, tuple)) else [attribute]:
                operator.index(number)
        wanted = _each(output_padding, rank)
        if not any(isinstance(n, SymInt) for n in wanted):
            return NotImplemented
        most = [max(s, d) - 1 for s, d in zip(_each(stride, rank), _each(dilation, rank), strict=True)]
        result = convolution(input, weight, bias, stride, padding, most, groups, dilation)
        ends = [n - (m - w) for n, m, w in zip(result.shape[-rank:], most, wanted, strict=True)]
        for axis, end in enumerate(ends, start=input.dim() - rank):
            result = torch.ops.aten.slice.Tensor(result, axis, 0, end)
        return result

    return handler


def _each(value: Any, rank: int) -> list[Any]:
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    return values * rank if len(values) == 1 else values


CAPTURE = Capture(
    functions={
        F.conv_transpose1d: transposed(F.conv_transpose1d, 1),
        F.conv_transpose2d: transposed(F.conv_transpose2d, 2),
        F.conv_transpose3d: transposed(F.conv_transpose3d, 3),
        F.conv1d: padded_first(F.conv1d, 1),
        F.conv2d: padded_first(F.conv2d, 2),
        F.conv3d: padded_first(F.conv3d, 3),
    }
)
