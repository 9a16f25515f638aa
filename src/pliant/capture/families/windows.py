"""Windows whose number or size is known only at run time: `x.unfold` becomes a selection by computed indices."""

from __future__ import annotations

from typing import Any

import torch
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


CAPTURE = Capture(
    functions={
        Tensor.unfold: unfold,
        torch.unflatten: unflatten,
        Tensor.unflatten: unflatten,
    }
)
