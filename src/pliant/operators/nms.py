"""`torchvision.ops.nms`: the boxes that overlap no better one, with NonMaxSuppression of ONNX.

Source: torchvision/csrc/ops/cpu/nms_kernel.cpp. Two things are brought in line with it. ONNX takes two corners in any
order, while a box with x2 < x1 or y2 < y1 overlaps nothing there: it is made one without area. And an overlap, which
is a float32, is compared with a threshold in double: ONNX gets the largest float32 that is not above it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from pliant.operators._onnx import op
from pliant.operators.base import Label, Operator

MOST = 2**31 - 1  # boxes that are kept


def threshold_of(value: float) -> float:
    """The largest float32 that is not above `value`: no float32 lies between."""
    near = np.float32(value)
    return float(near if float(near) <= value else np.nextafter(near, np.float32(-np.inf)))


def columns(boxes: Any, start: int, end: int) -> Any:
    """Some columns of boxes [k, m]."""
    bounds = (op.Constant(value_ints=[n]) for n in (start, end, 1))
    return op.Slice(boxes, *bounds)


def nms(dets: Any, scores: Any, iou_threshold: float) -> Any:
    """Indices int64 [kept], best score first, of dets [k, 4], each (x1, y1, x2, y2), and scores [k]."""
    first, second = columns(dets, 0, 2), columns(dets, 2, 4)
    boxes = op.Concat(first, op.Max(first, second), axis=1)
    found = op.NonMaxSuppression(
        op.Unsqueeze(boxes, op.Constant(value_ints=[0])),
        op.Unsqueeze(scores, op.Constant(value_ints=[0, 1])),
        op.Constant(value_ints=[MOST]),
        op.Constant(value_floats=[threshold_of(iou_threshold)]),
    )
    return op.Gather(found, op.Constant(value_int=2), axis=1)


def label(dets: Any, scores: Any, iou_threshold: float) -> Label:
    """The threshold is fixed."""
    del dets, scores
    return Label("nms", ("dets", "scores"), {"iou_threshold": iou_threshold})


def _boxes(count: int) -> torch.Tensor:
    """Boxes that overlap often; some have their corners in the wrong order."""
    make = torch.Generator().manual_seed(count)
    corner = torch.rand(count, 2, generator=make) * 20
    return torch.cat([corner, corner + torch.rand(count, 2, generator=make) * 20 - 2], 1)


_SCORES = torch.rand(40, generator=torch.Generator().manual_seed(0)).mul(10).round()  # some are equal

OPERATOR = Operator(
    translations={"torchvision::nms": nms},
    label=label,
    samples=(
        (_boxes(40), _SCORES, 0.5),
        (_boxes(40), _SCORES, 0.0),
        (_boxes(40), _SCORES, 1.0),
        (torch.tensor([[0.0, 0, 10, 10], [0, 0, 6, 10]]), torch.tensor([0.5, 0.9]), 0.6),
    ),
)
