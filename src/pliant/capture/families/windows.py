"""Windows whose number or size is known only at run time: `x.unfold` becomes a selection by computed indices.

And the way back: `F.fold` of blocks that came out of a loop.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.capture.base import Capture
from pliant.capture.live.symbols import any_live, by_value, scalar


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


def fold(
    input: Tensor,  # noqa: A002 - PyTorch's name
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """`F.fold` of a number of blocks that is known only at run time, such as those that a loop has put into a list.

    PyTorch's own compares it with the number that fits the result; here it is that number, which the file checks.
    """
    if not by_value(input.shape[-1]):
        return NotImplemented
    size, kernel, gaps, pads, steps = (_pair(v) for v in (output_size, kernel_size, dilation, padding, stride))
    blocks = 1
    for length, width, gap, pad, step in zip(size, kernel, gaps, pads, steps, strict=True):
        blocks = blocks * ((length + 2 * pad - gap * (width - 1) - 1) // step + 1)
    columns = torch.ops.pliant.reshape(input, [*input.shape[:-1], blocks])
    return torch.ops.aten.col2im(columns, size, kernel, gaps, pads, steps)


def _pair(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value, value]


CAPTURE = Capture(
    functions={
        F.fold: fold,
        Tensor.unfold: unfold,
        torch.unflatten: unflatten,
        Tensor.unflatten: unflatten,
    }
)
