"""Evenly spaced values of a live number, in the order of operations of PyTorch's kernel.

Source: ATen/native/cpu/RangeFactoriesKernel.cpp, which counts from the nearer end.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pliant.capture.live.symbols import scalar


def spaced(start: Any, end: Any, steps: Any, dtype: torch.dtype) -> Tensor:
    """`steps` values from start to end, computed in `dtype`, a floating-point one."""
    first, last = scalar(start, dtype), scalar(end, dtype)
    index = torch.arange(steps)
    gaps = torch.maximum(scalar(steps - 1, torch.int64), torch.scalar_tensor(1, dtype=torch.int64))
    step = (last - first) / gaps.to(dtype)
    backwards = (scalar(steps - 1, torch.int64) - index).to(dtype)
    near = index < scalar(steps // 2, torch.int64)
    alone = scalar(steps, torch.int64) == 1
    return torch.where(near | alone, first + step * index.to(dtype), last - step * backwards)
