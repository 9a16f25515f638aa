"""`repeat_interleave` by a number known only at run time."""

from __future__ import annotations

from typing import Any

import torch
from torch import SymInt, Tensor

from pliant.capture.base import Capture
from pliant.capture.live.symbols import any_live


def repeat_interleave(input: Tensor, repeats: Any, dim: int | None = None, **options: Any) -> Any:  # noqa: A002
    """Every element `repeats` times in a row: a new axis, which is joined to the one before it."""
    if not isinstance(repeats, (int, SymInt)) or not any_live([repeats, *input.shape]) or options.get("output_size"):
        return NotImplemented
    if dim is None:
        input, dim = input.reshape(-1), 0  # noqa: A001
    axis = dim % input.dim()
    shape = list(input.shape)
    spread = input.unsqueeze(axis + 1).expand(*shape[: axis + 1], repeats, *shape[axis + 1 :])
    return spread.reshape(*shape[:axis], shape[axis] * repeats, *shape[axis + 1 :])


CAPTURE = Capture(functions={torch.repeat_interleave: repeat_interleave, Tensor.repeat_interleave: repeat_interleave})
