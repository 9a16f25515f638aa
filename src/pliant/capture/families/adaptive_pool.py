"""Adaptive pooling, whose output size may be a live number and whose windows depend on live sizes.

`F.interpolate(mode="area")` is the same computation and is captured with the other resizes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.capture.base import Capture
from pliant.operators.adaptive_pool import adaptive_pool


def pooling(kind: str, rank: int) -> Callable[..., Any]:
    """What answers adaptive pooling of `rank` axes, "avg" or "max"."""

    def handler(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:  # noqa: A002 - PyTorch's name
        given = sizes(output_size, rank)
        lengths = list(input.shape[-rank:])
        if return_indices and any(isinstance(s, torch.SymInt) for s in (*given, *lengths)):
            raise ValueError(
                "adaptive max pooling that returns indices has no ONNX form for sizes known only at run time; use "
                f"F.adaptive_max_pool{rank}d with return_indices=False, which gives the values alone"
            )
        if return_indices:
            return NotImplemented
        if len(given) != rank or not rank < input.dim() <= rank + 2 or not input.is_floating_point():
            return NotImplemented
        if kind == "avg" and all(isinstance(s, int) and s == 1 for s in given):
            return NotImplemented  # PyTorch makes it a mean
        size = [length if s is None else s for s, length in zip(given, lengths, strict=True)]
        return adaptive_pool(input, size, [s is not None for s in given], kind)

    return handler


def sizes(value: Any, rank: int) -> list[Any]:
    """One length, or None for the length that is there, per pooled axis."""
    if isinstance(value, Tensor):
        value = value.tolist() if value.dim() else value.item()
    values: list[Any] = list(value) if isinstance(value, (tuple, list)) else [value]
    values = values * rank if len(values) == 1 else values
    return [v.item() if isinstance(v, Tensor) else v for v in values]


def with_indices(rank: int) -> Callable[..., Any]:
    """What answers the maximum pooling that always gives the indices too."""
    answer = pooling("max", rank)

    def handler(input: Tensor, output_size: Any, return_indices: bool = True) -> Any:  # noqa: A002 - PyTorch's name
        del return_indices
        return answer(input, output_size, return_indices=True)

    return handler


def spellings(kind: str, rank: int) -> list[Any]:
    """PyTorch's own operator, as Python code can call it."""
    name = f"adaptive_{kind}_pool{rank}d"
    packet = getattr(torch.ops.aten, name)
    return [getattr(torch if rank == 1 else vars(torch._C)["_nn"], name), packet, packet.default]


RANKS = (1, 2, 3)
AVERAGES = {f: pooling("avg", r) for r in RANKS for f in (getattr(F, f"adaptive_avg_pool{r}d"), *spellings("avg", r))}
MAXIMA = {getattr(F, f"adaptive_max_pool{r}d"): pooling("max", r) for r in RANKS}
INDICES = {
    f: with_indices(r) for r in RANKS for f in (getattr(F, f"adaptive_max_pool{r}d_with_indices"), *spellings("max", r))
}

CAPTURE = Capture(functions={**AVERAGES, **MAXIMA, **INDICES})
