"""A part of an axis whose place and length are known only at run time.

PyTorch's own slice gives the result a new symbolic length or a formula, depending on what else it has learnt about
the bounds, and fails if it learns more between tracing and translating. Here the length is an argument.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pliant.operators._numbers import exact
from pliant.operators._onnx import op
from pliant.operators.base import Operator, live


@torch.library.custom_op("pliant::narrow", mutates_args=())
def narrow(x: Tensor, axis: int, start: Tensor, length: int) -> Tensor:
    """`length` elements of `axis` from `start`, a 0-d int64 in [0, length of the axis]."""
    return torch.narrow(x, axis, int(start.item()), length).clone()


@narrow.register_fake
def _(x: Tensor, axis: int, start: Tensor, length: int) -> Tensor:
    del start
    return x.new_empty((*x.shape[:axis], length, *x.shape[axis + 1 :]))


def translate(x: Any, axis: int, start: Any, length: Any) -> Any:
    """The operator in ONNX."""
    one = op.Constant(value_ints=[-1])
    first, count = op.Reshape(start, one), op.Reshape(exact(length)[0], one)
    return op.Slice(x, first, op.Add(first, count), op.Constant(value_ints=[axis]))


OPERATOR = Operator(
    translations={torch.ops.pliant.narrow.default: translate},
    samples=((torch.arange(12.0).reshape(3, 4), 1, torch.tensor(1), live(2)),),
)
