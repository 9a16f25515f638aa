"""The k-th smallest element, the median, and one-hot vectors of a live number of classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.capture.base import Capture
from pliant.capture.live.choices import is_live
from pliant.capture.live.symbols import scalar


def at(values: Tensor, indices: Tensor, position: Any, dim: int, keepdim: bool) -> Any:
    """(value, index) at one position of an axis, as PyTorch returns them."""
    which = scalar(position, torch.int64).reshape(1)
    value, index = values.index_select(dim, which), indices.index_select(dim, which)
    return torch.return_types.kthvalue((value, index) if keepdim else (value.squeeze(dim), index.squeeze(dim)))


def kthvalue(input: Tensor, k: Any, dim: int = -1, keepdim: bool = False) -> Any:  # noqa: A002 - PyTorch's name
    """`torch.kthvalue`: the last of the k smallest."""
    values, indices = torch.topk(input, k, dim, largest=False)
    return at(values, indices, k - 1, dim, keepdim)


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:  # noqa: A002
    """`torch.median`: the lower one of the two in the middle."""
    if dim is None:
        return kthvalue(input.reshape(-1), (input.numel() + 1) // 2, 0).values
    return kthvalue(input, (input.shape[dim] + 1) // 2, dim, keepdim)


def one_hot(tensor: Tensor, num_classes: Any = -1) -> Any:
    """`F.one_hot` with a live number of classes."""
    if not is_live(num_classes):
        return NotImplemented
    return (tensor.unsqueeze(-1) == torch.arange(num_classes)).to(torch.int64)


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.kthvalue: kthvalue,
    Tensor.kthvalue: kthvalue,
    torch.median: median,
    Tensor.median: median,
    F.one_hot: one_hot,
}

CAPTURE = Capture(functions=FUNCTIONS)
