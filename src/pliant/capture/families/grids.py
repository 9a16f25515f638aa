"""`F.affine_grid` of a size known only at run time, and `F.grid_sample` of volumes.

A grid is a sum of products with coordinates that PyTorch spaces with `linspace`, which takes no symbolic size. ONNX
samples volumes only from opset 20; here a volume is sampled by gathering its corners, as
ATen/native/GridSampler.cpp describes it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.capture.base import Capture
from pliant.capture.live.ranges import spaced
from pliant.capture.live.symbols import any_live, scalar


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
    planes: list[Tensor] = []
    for axis, length in enumerate(spatial):
        line = coordinates(length, theta.dtype, bool(align_corners))
        planes.append(line.reshape([-1 if k == axis else 1 for k in range(rank)]))
    planes = planes[::-1]  # x first, as grids are
    rows = [[theta[:, j, i].reshape([-1, *[1] * rank]) for i in range(rank + 1)] for j in range(rank)]
    found = [sum((p * m for p, m in zip(planes, row[:-1], strict=True)), row[-1]) for row in rows]
    return torch.stack(found, -1)


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
    inside = torch.ones_like(places[0], dtype=torch.bool)
    indices: list[Tensor] = [torch.arange(x.shape[0]).reshape([-1, *[1] * (places[0].dim() - 1)])]
    for place, length in zip(places, x.shape[2:], strict=True):
        last = scalar(length, torch.int64) - 1
        inside = inside & (place >= 0) & (place <= last)
        indices.append(torch.minimum(torch.clamp(place.to(torch.int64), min=0), last))
    taken = x.movedim(1, -1)[tuple(indices)]
    return (taken * inside.unsqueeze(-1).to(x.dtype)).movedim(-1, 1)


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
        weight = torch.ones_like(positions[0])
        for p, b, o in zip(positions, before, offsets, strict=True):
            weight = weight * (p - b if o else 1 - (p - b))
        part = corner(input, places) * weight.unsqueeze(1)
        result = part if result is None else result + part
    return result


CAPTURE = Capture(functions={F.affine_grid: affine_grid, F.grid_sample: grid_sample})
