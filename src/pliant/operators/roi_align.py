"""`torchvision.ops.roi_align`: boxes of a feature map resampled to one size, with RoiAlign of ONNX (opset 16).

Source: torchvision/csrc/ops/cpu/roi_align_kernel.cpp; `aligned` is "half_pixel" there, and without it a box is at least
one pixel large, "output_half_pixel". A sampling ratio of 0 or less means as many samples as a box has pixels per bin.
"""

from __future__ import annotations

from typing import Any

import torch
from onnxscript import ir

from pliant.operators._onnx import op
from pliant.operators.base import Label, Operator

INT64 = ir.DataType.INT64


def columns(rois: Any, start: int, end: int) -> Any:
    """Some columns of rois [k, 5]."""
    bounds = (op.Constant(value_ints=[n]) for n in (start, end, 1))
    return op.Slice(rois, *bounds)


def roi_align(
    input: Any,  # noqa: A002 - torchvision's name
    rois: Any,
    spatial_scale: Any,
    pooled_height: Any,
    pooled_width: Any,
    sampling_ratio: int,
    aligned: bool,
) -> Any:
    """Result [k, c, ph, pw] of input [n, c, h, w] and rois [k, 5], each (index in the batch, x1, y1, x2, y2)."""
    if not isinstance(pooled_height, int) or not isinstance(pooled_width, int):
        raise ValueError("the size of a result of roi_align is live, and ONNX's RoiAlign has it fixed; fix it")
    if not isinstance(spatial_scale, (int, float)):
        raise ValueError("the spatial scale of roi_align is live: multiply the boxes by it, and give a scale of 1")
    boxes = columns(rois, 1, 5)
    if sampling_ratio <= 0:  # a box with its corners in the wrong order has no samples, and the result is 0
        first = columns(rois, 1, 3)
        boxes = op.Concat(first, op.Max(first, columns(rois, 3, 5)), axis=1)
    return op.RoiAlign(
        input,
        boxes,
        op.Cast(op.Gather(rois, op.Constant(value_int=0), axis=1), to=INT64),
        coordinate_transformation_mode="half_pixel" if aligned else "output_half_pixel",
        mode="avg",
        output_height=pooled_height,
        output_width=pooled_width,
        sampling_ratio=max(sampling_ratio, 0),
        spatial_scale=float(spatial_scale),
    )


def label(
    input: Any,  # noqa: A002
    rois: Any,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Label:
    """What torchvision calls its arguments."""
    del input, rois
    attributes = {
        "spatial_scale": spatial_scale,
        "output_size": [pooled_height, pooled_width],
        "sampling_ratio": sampling_ratio,
        "aligned": int(aligned),
    }
    return Label("roi_align", ("input", "rois"), attributes)


_X = torch.rand(2, 3, 9, 11, generator=torch.Generator().manual_seed(0))
_BOXES = [[0, 1.0, 2.0, 7.5, 8.2], [1, 0.0, 0.0, 21.0, 17.0], [1, 3.3, 4.1, 3.9, 4.3], [0, -4.0, 5.0, 9.0, 30.0]]
_ROIS = torch.tensor(_BOXES)

OPERATOR = Operator(
    translations={"torchvision::roi_align": roi_align},
    label=label,
    samples=(
        (_X, _ROIS, 0.5, 4, 5, 2, False),
        (_X, _ROIS, 0.5, 4, 5, 2, True),
        (_X, _ROIS, 1.0, 3, 2, -1, False),
        (_X, _ROIS, 0.25, 1, 7, 0, True),
    ),
)
