"""torchvision's operators in plain PyTorch, for where torchvision is not installed.

`provide` imports torchvision, or registers these under torchvision's names, so that a model and a test that use
`torch.ops.torchvision` are the same in both environments. `tests/operators/test_vision.py` compares them with
torchvision's own where that is present.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor


def sampled(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Bilinear values of pictures [n, c, h, w] at positions [n, ...], zeros outside: [n, c, ...]."""
    n, c, h, w = x.shape
    total = torch.zeros(n, c, rows[0].numel())
    top, left = rows.reshape(n, -1).floor(), columns.reshape(n, -1).floor()
    for dy in (0, 1):
        for dx in (0, 1):
            weight = 1 - (rows.reshape(n, -1) - top - dy).abs()
            weight = weight * (1 - (columns.reshape(n, -1) - left - dx).abs())
            inside = (top + dy >= 0) & (top + dy < h) & (left + dx >= 0) & (left + dx < w)
            place = (top + dy).clamp(0, h - 1).long() * w + (left + dx).clamp(0, w - 1).long()
            values = x.reshape(n, c, -1).gather(2, place[:, None].expand(-1, c, -1))
            total += values * (weight * inside)[:, None]
    return total.reshape(n, c, *rows.shape[1:])


def deform_conv2d(
    input: Tensor,  # noqa: A002
    weight: Tensor,
    offset: Tensor,
    mask: Tensor,
    bias: Tensor,
    stride_h: int,
    stride_w: int,
    pad_h: int,
    pad_w: int,
    dilation_h: int,
    dilation_w: int,
    groups: int,
    offset_groups: int,
    use_mask: bool,
) -> Tensor:
    out, _, kh, kw = weight.shape
    n, c = input.shape[:2]
    oh, ow = offset.shape[2:]
    offset = offset.reshape(n, offset_groups, kh, kw, 2, oh, ow)
    rows = torch.arange(oh)[:, None] * stride_h - pad_h + torch.arange(kh)[:, None, None, None] * dilation_h
    columns = torch.arange(ow) * stride_w - pad_w + torch.arange(kw)[:, None, None] * dilation_w
    parts: list[Tensor] = []
    for g, part in enumerate(input.chunk(offset_groups, 1)):
        values = sampled(part, rows + offset[:, g, :, :, 0], columns + offset[:, g, :, :, 1])
        if use_mask:
            values = values * mask.reshape(n, offset_groups, 1, kh, kw, oh, ow)[:, g]
        parts.append(values)
    taps = torch.cat(parts, 1).reshape(n, groups, c // groups, kh, kw, oh, ow)
    kernels = weight.reshape(groups, out // groups, c // groups, kh, kw)
    return torch.einsum("ngcyxhw,gocyx->ngohw", taps, kernels).reshape(n, out, oh, ow) + bias[:, None, None]


Place = tuple[int, int, float] | None


def _samples(start: float, size: float, bins: int, count: int, length: int) -> list[list[Place]]:
    """For every bin, of `count` samples: the pixels around and the weight of the second, None if outside."""
    found: list[list[Place]] = []
    for b in range(bins):
        places: list[Place] = []
        for k in range(count):
            at = start + b * size + (k + 0.5) * size / count
            if at < -1 or at > length:
                places.append(None)
                continue
            at = max(at, 0.0)
            low = min(int(at), length - 1)
            places.append((low, min(low + 1, length - 1), 0.0 if low == length - 1 else at - low))
        found.append(places)
    return found


def roi_align(
    input: Tensor,  # noqa: A002
    rois: Tensor,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    result = torch.zeros(len(rois), input.shape[1], pooled_height, pooled_width)
    for r, (index, x1, y1, x2, y2) in enumerate(rois.tolist()):
        shift = 0.5 if aligned else 0.0
        axes: list[Any] = []
        for low, high, bins, length in (
            (y1, y2, pooled_height, input.shape[2]),
            (x1, x2, pooled_width, input.shape[3]),
        ):
            start, extent = low * spatial_scale - shift, (high - low) * spatial_scale
            extent = extent if aligned else max(extent, 1.0)
            count = sampling_ratio if sampling_ratio > 0 else -int(-extent // bins)
            axes.append((_samples(start, extent / bins, bins, count, length), count))
        (rows, down), (columns, across) = axes
        picture = input[int(index)]
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                for a in row:
                    for b in column:
                        if a is not None and b is not None:
                            top = picture[:, a[0], b[0]] * (1 - b[2]) + picture[:, a[0], b[1]] * b[2]
                            bottom = picture[:, a[1], b[0]] * (1 - b[2]) + picture[:, a[1], b[1]] * b[2]
                            result[r, :, i, j] += top * (1 - a[2]) + bottom * a[2]
        result[r] /= max(down * across, 1)
    return result


def nms(dets: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    kept: list[int] = []
    areas = (dets[:, 2] - dets[:, 0]) * (dets[:, 3] - dets[:, 1])
    for k in scores.sort(stable=True, descending=True).indices.tolist():
        inside = (torch.minimum(dets[k, 2:], dets[kept, 2:]) - torch.maximum(dets[k, :2], dets[kept, :2])).clamp(min=0)
        shared = inside.prod(1)
        overlaps = (shared / (areas[k] + areas[kept] - shared)).double()
        if not bool((overlaps > iou_threshold).any()):
            kept.append(k)
    return torch.tensor(kept, dtype=torch.int64)


SCHEMAS = {
    deform_conv2d: "(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, SymInt stride_h, "
    "SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, SymInt groups, "
    "SymInt offset_groups, bool use_mask) -> Tensor",
    roi_align: "(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, "
    "int sampling_ratio, bool aligned) -> Tensor",
    nms: "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def _fakes() -> dict[str, Any]:
    def kept(dets: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
        return dets.new_empty(torch.library.get_ctx().new_dynamic_size(), dtype=torch.int64)

    return {
        "deform_conv2d": lambda x, weight, offset, *rest: x.new_empty((x.shape[0], weight.shape[0], *offset.shape[2:])),
        "roi_align": lambda x, rois, scale, height, width, *rest: x.new_empty(
            (rois.shape[0], x.shape[1], height, width)
        ),
        "nms": kept,
    }


@cache
def provide() -> bool:
    """Let `torch.ops.torchvision` have its operators; whether they are torchvision's own."""
    if find_spec("torchvision") is not None:
        import torchvision  # noqa: F401

        return True
    library = torch.library.Library("torchvision", "FRAGMENT")
    for function, schema in SCHEMAS.items():
        library.define(function.__name__ + schema)
        library.impl(function.__name__, function, "CPU")
        torch.library.register_fake(f"torchvision::{function.__name__}", _fakes()[function.__name__], lib=library)
    _kept.append(library)
    return False


_kept: list[Any] = []
