"""`F.affine_grid` of a size known only at run time, and `F.grid_sample` of volumes.

A grid is a matrix product with coordinates that PyTorch spaces with `linspace`, which takes no symbolic size. ONNX
samples volumes only from opset 20; here a volume is sampled by gathering its corners, as
ATen/native/GridSampler.cpp describes it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.capture._symbols import any_live, scalar
from pliant.capture.base import Capture
from pliant.capture.families.ranges import spaced


def coordinates(length: Any, dtype: torch.dtype, align_corners: bool) -> Tensor:
    """Positions of `length` pixels in [-1, 1]: of their centres, or from edge to edge; 0 for a single one."""
    count = scalar(length, torch.int64)
    line = torch.where(count > 1, spaced(-1.0, 1.0, length, dtype), scalar(0.0, dtype))
    return line if align_corners else line * (count - 1).to(dtype) / count.to(dtype)


def affine_grid(theta: Tensor, size: Sequence[Any], align_corners: bool | None = None) -> Any:
    """`F.affine_grid`: [n, *spatial, d] from matrices [n, d, d + 1] and a size [n, c, *spatial]."""
    lengths = [s.item() if isinstance(s, Tensor) else s for s in (size.tolist() if isinstance(size, Tensor) else size)]
    if not any_live(lengths) or len(lengths) not in (4, 5):
        return NotImplemented
    spatial = lengths[2:]
    rank = len(spatial)
    lines = [coordinates(n, theta.dtype, bool(align_corners)) for n in spatial]
    planes = [
        line.reshape([-1 if k == axis else 1 for k in range(rank)]).expand(spatial) for axis, line in enumerate(lines)
    ]
    base = torch.stack([*planes[::-1], torch.ones_like(planes[0])], -1)  # x first, as grids are
    flat = base.reshape(1, math.prod(spatial), rank + 1) @ theta.transpose(1, 2)
    return flat.reshape(theta.shape[0], *spatial, rank)


def unnormalised(position: Tensor, length: Any, align_corners: bool) -> Tensor:
    """A coordinate in [-1, 1] as a pixel index."""
    count = scalar(length, position.dtype)
    return (position + 1) / 2 * (count - 1) if align_corners else ((position + 1) * count - 1) / 2


def reflected(position: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """A position mirrored at `low` and `high` until it lies between them; `low` if they are one."""
    span = high - low
    usable = torch.where(span > 0, span, torch.ones_like(span))
    distance = (position - low).abs()
    flips = torch.floor(distance / usable)
    rest = distance - flips * usable
    even = flips - 2 * torch.floor(flips / 2) == 0
    return torch.where(span > 0, torch.where(even, rest + low, high - rest), torch.zeros_like(rest))


def pixel(position: Tensor, length: Any, padding_mode: str, align_corners: bool) -> Tensor:
    """The pixel index to sample at, brought into the picture unless padding is with zeros."""
    found = unnormalised(position, length, align_corners)
    last = scalar(length, found.dtype) - 1
    if padding_mode == "reflection":
        half = 0.0 if align_corners else 0.5
        found = reflected(found, scalar(-half, found.dtype), last + half)
    return found if padding_mode == "zeros" else torch.minimum(torch.clamp(found, min=0), last)


def corner(x: Tensor, places: Sequence[Tensor]) -> Tensor:
    """Elements of a picture [n, c, *spatial] at integer places [n, *grid], zero outside: [n, c, *grid]."""
    spatial = x.shape[2:]
    inside = torch.ones_like(places[0], dtype=torch.bool)
    flat = torch.zeros_like(places[0], dtype=torch.int64)
    for place, length in zip(places, spatial, strict=True):
        last = scalar(length, torch.int64) - 1
        inside = inside & (place >= 0) & (place <= last)
        flat = flat * scalar(length, torch.int64) + torch.minimum(torch.clamp(place.to(torch.int64), min=0), last)
    n, c = x.shape[:2]
    count = math.prod(flat.shape[1:])
    taken = x.reshape(n, c, math.prod(spatial)).gather(2, flat.reshape(n, 1, count).expand(n, c, count))
    return taken.reshape(n, c, *flat.shape[1:]) * inside.unsqueeze(1).to(x.dtype)


def grid_sample(
    input: Tensor,  # noqa: A002 - PyTorch's name
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Any:
    """`F.grid_sample` of a volume [n, c, d, h, w] at [n, *grid, 3]."""
    if input.dim() != 5 or mode not in ("bilinear", "nearest"):
        return NotImplemented
    corners = bool(align_corners)
    positions = [
        pixel(grid[..., 2 - axis], length, padding_mode, corners) for axis, length in enumerate(input.shape[2:])
    ]
    if mode == "nearest":
        return corner(input, [torch.round(p) for p in positions])
    before = [torch.floor(p) for p in positions]
    result = None
    for offsets in itertools.product((0, 1), repeat=3):
        places = [b + o for b, o in zip(before, offsets, strict=True)]
        weight = math.prod(  # type: ignore[type-var]
            1 - (p - b) if o == 0 else p - b for p, b, o in zip(positions, before, offsets, strict=True)
        )
        part = corner(input, places) * weight.unsqueeze(1)  # type: ignore[union-attr]
        result = part if result is None else result + part
    return result


CAPTURE = Capture(functions={F.affine_grid: affine_grid, F.grid_sample: grid_sample})
