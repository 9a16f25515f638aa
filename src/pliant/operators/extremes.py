"""`amax` and `amin` over all axes: the exporter's own translations insist on a list of axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from pliant.operators._onnx import op
from pliant.operators.base import Operator


def over(reduce: Callable[..., Any]) -> Callable[..., Any]:
    """A translation with the axes that are given, or all."""

    def translation(x: Any, dim: Sequence[int] = (), keepdim: bool = False) -> Any:
        axes = op.Constant(value_ints=list(dim)) if len(dim) else None
        return reduce(x, axes, keepdims=int(keepdim))

    return translation


PICTURE = torch.arange(24.0).reshape(2, 3, 4).cos()
OPERATOR = Operator(
    translations={torch.ops.aten.amax.default: over(op.ReduceMax), torch.ops.aten.amin.default: over(op.ReduceMin)},
    samples=((PICTURE,), (PICTURE, [1], True), (PICTURE, [0, 2])),
)
