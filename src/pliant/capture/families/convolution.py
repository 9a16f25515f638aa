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


def plain(input: Tensor, weight: Tensor, *rest: Any, **named: Any) -> Any:  # noqa: A002
    """A transposed convolution: nothing of it can be live but its data."""
    del input, weight
    for argument in (*rest, *named.values()):
        for number in argument if isinstance(argument, (list, tuple)) else [argument]:
            if isinstance(number, SymInt):
                operator.index(number)
    return NotImplemented


CAPTURE = Capture(
    functions={
        **{getattr(F, f"conv_transpose{rank}d"): plain for rank in (1, 2, 3)},
        F.conv1d: padded_first(F.conv1d, 1),
        F.conv2d: padded_first(F.conv2d, 2),
        F.conv3d: padded_first(F.conv3d, 3),
    }
)
