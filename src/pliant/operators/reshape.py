"""`view` and `reshape` to lengths that are computed, without the proofs that PyTorch demands of them.

PyTorch proves for each view that the number of elements stays the same and that the memory has the right layout. For
lengths such as 4 * ((h + 3) // 4) that takes seconds, and for lengths that depend on a decision it fails. ONNX's
Reshape has no layout, and checks the number of elements when it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from pliant.operators._numbers import exact
from pliant.operators._onnx import op
from pliant.operators.base import Operator, live


@torch.library.custom_op("pliant::reshape", mutates_args=())
def reshape(x: Tensor, lengths: Sequence[int]) -> Tensor:
    """`x.reshape(lengths)`; the product of `lengths` must be the number of elements."""
    return x.reshape(list(lengths)).clone()


@reshape.register_fake
def _(x: Tensor, lengths: Sequence[int]) -> Tensor:
    return x.new_empty(list(lengths))


def translate(x: Any, lengths: Sequence[Any]) -> Any:
    """The operator in ONNX."""
    one = op.Constant(value_ints=[1])
    parts = [op.Constant(value_ints=[n]) if isinstance(n, int) else op.Reshape(exact(n)[0], one) for n in lengths]
    return op.Reshape(x, op.Concat(*parts, axis=0), allowzero=1)


OPERATOR = Operator(
    translations={torch.ops.pliant.reshape.default: translate},
    samples=((torch.arange(12.0).reshape(3, 4), [live(2), 3, live(2)]),),
)
