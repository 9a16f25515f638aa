"""`torch.sort(x, stable=...)`: the exporter translates the form without `stable` alone."""

from __future__ import annotations

from typing import Any

import torch

from pliant.operators._onnx import op
from pliant.operators.base import Operator


def sort(x: Any, *, stable: bool | None = None, dim: int = -1, descending: bool = False) -> Any:
    """(values, indices) along `dim`; equal values keep their order, which ONNX's TopK promises."""
    del stable
    length = op.Gather(op.Shape(x), op.Constant(value_ints=[dim]))
    return op.TopK(x, length, axis=dim, largest=int(descending), sorted=1)


OPERATOR = Operator(translations={torch.ops.aten.sort.stable: sort})
