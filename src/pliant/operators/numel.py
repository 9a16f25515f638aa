"""`x.numel()` of a tensor with live lengths: the exporter translates the length of one axis, not their product."""

from __future__ import annotations

from typing import Any

import torch

from pliant.operators._onnx import op
from pliant.operators.base import Operator


def numel(x: Any) -> Any:
    """The number of elements of `x`, an int64 scalar."""
    return op.Size(x)


OPERATOR = Operator(translations={torch.ops.aten.sym_numel.default: numel})
