"""Adaptive pooling to sizes known only at run time. The exporter's own translation takes fixed sizes alone."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.operators._pooling import average, maximum
from pliant.operators.base import Operator


@torch.library.custom_op("pliant::adaptive_pool", mutates_args=())
def adaptive_pool(x: Tensor, size: list[int], pooled: list[bool], kind: str) -> Tensor:
    """Adaptive average or maximum pooling, "avg" or "max", of the last len(size) axes of `x`.

    Where `pooled` is false, `size` must be the length of the axis, which is left as it is.
    """
    del pooled
    return getattr(F, f"adaptive_{kind}_pool{len(size)}d")(x, size).clone()


@adaptive_pool.register_fake
def _(x: Tensor, size: list[int], pooled: list[bool], kind: str) -> Tensor:
    del pooled, kind
    return x.new_empty((*x.shape[: x.dim() - len(size)], *size))


def translate(x: Any, size: list[Any], pooled: list[bool], kind: str) -> Any:
    """The operator in ONNX."""
    rank = len(x.shape)
    results = {rank - len(size) + k: s for k, (s, used) in enumerate(zip(size, pooled, strict=True)) if used}
    return average(x, results, rank) if kind == "avg" else maximum(x, results)


OPERATOR = Operator(translations={torch.ops.pliant.adaptive_pool.default: translate})
