"""`torch.rot90` by a live number of quarter turns: a decision among four, for sides change places at every second."""

from __future__ import annotations

from typing import Any

import torch
from torch import SymInt, Tensor

from pliant.capture.base import Capture
from pliant.capture.paths import current


def rot90(self: Tensor, k: Any = 1, dims: Any = (0, 1)) -> Any:
    """`torch.rot90`."""
    if not isinstance(k, SymInt):
        return NotImplemented
    turned = torch.rot90(self, 0, dims)
    for turns in (1, 2, 3):
        turned = current().chosen(k % 4 == turns, torch.rot90(self, turns, dims), turned)
    return turned


CAPTURE = Capture(functions={torch.rot90: rot90, Tensor.rot90: rot90})
