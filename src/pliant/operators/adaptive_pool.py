"""Adaptive pooling to sizes known only at run time. The exporter's own translation takes fixed sizes alone."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.operators._pooling import average, maximum
from pliant.operators.base import Label, Operator, live


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


def label(x: Any, size: list[Any], pooled: list[bool], kind: str) -> Label:
    """The name of a pooling in the file; the body depends on which axes are pooled, and on how many there are."""
    axes = "".join(str(len(x.shape) - len(size) + k) for k, used in enumerate(pooled) if used)
    return Label(f"adaptive_{kind}_pool_{len(x.shape)}d_{axes}", ("x", "size"), {"kind": kind})


PICTURE = torch.arange(70.0).reshape(1, 2, 5, 7).sin()
OPERATOR = Operator(
    translations={torch.ops.pliant.adaptive_pool.default: translate},
    label=label,
    samples=(
        (PICTURE, [live(3), live(4)], [True, True], "avg"),
        (PICTURE, [5, live(9)], [False, True], "max"),
    ),
)
