"""Windows and pooled cells whose number or size is known only at run time.

`x.unfold` by a live length becomes a selection by computed indices. Adaptive average pooling to a live size becomes a
product with a matrix of cells along each axis: cell i covers floor(i n / m) to ceil((i + 1) n / m), which is how
ATen/native/AdaptiveAveragePooling.cpp defines it; ONNX pools only by fixed kernels.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.capture.base import Capture
from pliant.capture.live.symbols import any_live, scalar


def unfold(self: Tensor, dimension: int, size: Any, step: Any) -> Any:
    """`x.unfold`: windows of `size` every `step` elements, as a last axis."""
    if not any_live((size, step)):
        return NotImplemented
    axis = dimension % self.dim()
    count = (self.shape[axis] - size) // step + 1
    starts = torch.arange(count) * scalar(step, torch.int64)
    which = (starts.unsqueeze(1) + torch.arange(size)).reshape(count * size)
    shape = list(self.shape)
    taken = self.index_select(axis, which).reshape(*shape[:axis], count, size, *shape[axis + 1 :])
    return taken.movedim(axis + 1, -1)


def unflatten(self: Tensor, dim: int, sizes: Any) -> Any:
    """`x.unflatten` with a live length."""
    lengths = list(sizes)
    if not any_live(lengths):
        return NotImplemented
    axis = dim % self.dim()
    known = 1
    for length in lengths:
        known = known if isinstance(length, int) and length == -1 else known * length
    filled = [self.shape[axis] // known if isinstance(n, int) and n == -1 else n for n in lengths]
    return self.reshape(*self.shape[:axis], *filled, *self.shape[axis + 1 :])


def cells(length: Any, count: Any) -> Tensor:
    """Which elements belong to which cell, bool [count, length]."""
    n, m = scalar(length, torch.int64), scalar(count, torch.int64)
    index, position = torch.arange(count).unsqueeze(1), torch.arange(length)
    return (position >= index * n // m) & (position < ((index + 1) * n + m - 1) // m)


def wanted(input: Tensor, size: Any, rank: int) -> list[Any] | None:  # noqa: A002 - PyTorch's name
    """The size of the result, or None if PyTorch can do it: nothing is live, or everything goes into one cell."""
    sizes = list(size) if isinstance(size, (list, tuple)) else [size] * rank
    spatial = input.shape[-rank:]
    full = [length if s is None else s for s, length in zip(sizes, spatial, strict=True)]
    if all(isinstance(s, int) and s == 1 for s in full) or not any_live([*full, *spatial]):
        return None
    return full


def average(rank: int) -> Any:
    """`F.adaptive_avg_pool<rank>d`."""

    def pool(input: Tensor, output_size: Any) -> Any:  # noqa: A002
        full = wanted(input, output_size, rank)
        if full is None:
            return NotImplemented
        for k, count in enumerate(full):
            axis = input.dim() - rank + k
            inside = cells(input.shape[axis], count).to(input.dtype)
            matrix = inside / inside.sum(1, keepdim=True)
            input = (input.movedim(axis, -1) @ matrix.t()).movedim(-1, axis)  # noqa: A001
        return input

    return pool


def largest(rank: int) -> Any:
    """`F.adaptive_max_pool<rank>d` without indices."""

    def pool(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:  # noqa: A002
        full = wanted(input, output_size, rank)
        if full is None or return_indices:
            return NotImplemented
        for k, count in enumerate(full):
            axis = input.dim() - rank + k
            inside = cells(input.shape[axis], count)
            rows = torch.where(inside, input.movedim(axis, -1).unsqueeze(-2), scalar(float("-inf"), input.dtype))
            input = rows.amax(-1).movedim(-1, axis)  # noqa: A001
        return input

    return pool


CAPTURE = Capture(
    functions={
        Tensor.unfold: unfold,
        torch.unflatten: unflatten,
        Tensor.unflatten: unflatten,
        **{getattr(F, f"adaptive_avg_pool{rank}d"): average(rank) for rank in (1, 2, 3)},
        **{getattr(F, f"adaptive_max_pool{rank}d"): largest(rank) for rank in (1, 2, 3)},
    }
)
