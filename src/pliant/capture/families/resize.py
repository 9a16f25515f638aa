"""`F.interpolate` and `nn.Upsample`, with any mixture of numbers known now and numbers known at run time.

PyTorch's own `upsample` operators take no symbolic scale, and what their export makes of a constant fractional
scale is wrong for several modes. Every call therefore becomes one operator that keeps what the call means:
"scale" semantics (sampling positions use 1/factor) or "size" semantics (they use input/output).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.capture.base import Capture
from pliant.operators.resize import MODES, resize


def sequence(value: Any, rank: int) -> list[Any]:
    """One number per spatial axis, from a number, a tensor or a sequence of either."""
    if isinstance(value, Tensor):
        value = value.tolist() if value.dim() else value.item()
    values: list[Any] = list(value) if isinstance(value, (list, tuple)) else [value] * rank
    return [v.item() if isinstance(v, Tensor) else v for v in values]


def scaled(length: Any, scale: Any) -> Any:
    """floor(length * scale) as Python computes it, in double precision."""
    if isinstance(scale, float) and scale.is_integer():
        scale = int(scale)  # the same product, and a simpler formula for the shapes that depend on it
    if isinstance(scale, (int, torch.SymInt)):
        return length * scale
    return torch.sym_int(length * scale)


def interpolate(
    input: Tensor,  # noqa: A002 - PyTorch's name, and callers use it as a keyword
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """`F.interpolate` as one operator. Calls it does not cover, or that PyTorch refuses, go to PyTorch."""
    known = mode in MODES.get(input.dim() - 2, ()) and input.is_floating_point()
    refused = (size is None) == (scale_factor is None) or (mode.startswith("nearest") and align_corners is not None)
    refused |= (antialias and mode not in ("bilinear", "bicubic")) or bool(recompute_scale_factor and size is not None)
    if not known or refused:
        return NotImplemented
    rank = input.dim() - 2
    given = sequence(scale_factor if size is None else size, rank)
    if len(given) != rank:
        return NotImplemented
    scales = None
    if size is None:
        if not recompute_scale_factor:
            scales = torch.stack([torch.scalar_tensor(s, dtype=torch.float64) for s in given])
        given = [scaled(length, s) for length, s in zip(input.shape[2:], given, strict=True)]
    return resize(input, scales, given, mode, bool(align_corners), antialias)


def upsample(size: Any = None, scale_factor: Any = None, *args: Any, **named: Any) -> nn.Upsample:
    """`nn.Upsample`, whose constructor calls `float` on the factor."""
    layer = nn.Upsample(size, None, *args, **named)
    if isinstance(scale_factor, (tuple, list)):
        layer.scale_factor = tuple(scale_factor)  # type: ignore[assignment]
    else:
        layer.scale_factor = scale_factor
    return layer


CAPTURE = Capture(functions={F.interpolate: interpolate}, calls={nn.Upsample: upsample})
