"""Products of matrices in batches whose numbers are equal at run time, but by formulas that do not show it.

In a way of the model that is taken only for one size of picture, such as the stored mask of a Swin block, one batch is
`64 * (n // 64)` and the other `n`. PyTorch compares the two when it takes the product apart, and refuses.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pliant.operators._onnx import op
from pliant.operators.base import Operator


@torch.library.custom_op("pliant::matmul", mutates_args=())
def matmul(a: Tensor, b: Tensor, like_first: bool) -> Tensor:
    """`a @ b` of two tensors of one rank above 2; each axis of the batch has one length in both.

    `like_first` says whose formulas the result has while it is traced.
    """
    del like_first
    return torch.matmul(a, b)


@matmul.register_fake
def _(a: Tensor, b: Tensor, like_first: bool) -> Tensor:
    return a.new_empty((*(a if like_first else b).shape[:-2], a.shape[-2], b.shape[-1]))


def translate(a: object, b: object, like_first: bool) -> object:
    """The operator in ONNX."""
    del like_first
    return op.MatMul(a, b)


_A, _B = torch.arange(24.0).reshape(2, 3, 4).sin(), torch.arange(24.0).reshape(2, 4, 3).cos()
OPERATOR = Operator(translations={torch.ops.pliant.matmul.default: translate}, samples=((_A, _B, True),))
