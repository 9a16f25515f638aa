"""`a @ b`, `torch.matmul` and `torch.bmm` of batches whose lengths are equal by formulas that differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import SymInt, Tensor

from pliant.capture.base import Capture
from pliant.capture.live.choices import same
from pliant.capture.live.lengths import formula
from pliant.operators.matmul import matmul as multiplied


def matmul(input: Any, other: Any) -> Any:  # noqa: A002 - PyTorch's name
    """The product; PyTorch's own where the lengths are visibly equal or broadcast."""
    if not (isinstance(input, Tensor) and isinstance(other, Tensor)) or input.dim() != other.dim() or input.dim() < 3:
        return NotImplemented
    pairs = list(zip(input.shape[:-2], other.shape[:-2], strict=True))
    if not any(isinstance(n, SymInt) and isinstance(m, SymInt) and not same(n, m) for n, m in pairs):
        return NotImplemented
    if any(1 in (n, m) for n, m in pairs if not (isinstance(n, SymInt) and isinstance(m, SymInt)) and not same(n, m)):
        return NotImplemented  # one of them is repeated, which is PyTorch's business
    first, second = (sum(formula(n).count_ops() for n in side.shape[:-2]) for side in (input, other))
    return multiplied(input, other, bool(first <= second))


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.matmul: matmul,
    Tensor.matmul: matmul,
    Tensor.__matmul__: matmul,
    torch.bmm: matmul,
    Tensor.bmm: matmul,
}

CAPTURE = Capture(functions=FUNCTIONS)
