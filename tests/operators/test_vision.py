"""torchvision's operators in whole models, with live sizes, on every engine; and our reference of them.

Where torchvision is not installed, `torchvision_reference` stands for it under its name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.errors import LoweringError
from pliant.operators.base import operators
from tests.engines.test_matrix import runnable
from tests.operators import torchvision_reference as reference
from tests.samples import uses

reference.provide()
ENGINES = [engine.name for engine in runnable()]
OPS: Any = torch.ops.torchvision


@pytest.mark.parametrize("name", ["deform_conv", "roi_align", "nms"])
def test_the_reference_is_torchvision(name: str) -> None:
    """On all samples of the operator; in the environment without torchvision, that the name leads to the reference."""
    for target, sample in uses(operators()[name]):
        plain = getattr(reference, target._schema.name.split("::")[1])
        torch.testing.assert_close(target(*sample), plain(*sample), rtol=1e-5, atol=1e-5)


def check(
    module: nn.Module,
    example: Any,
    cases: list[Any],
    worst: float = 2e-5,
    refused: dict[str, str] | None = None,
    **options: Any,
) -> None:
    """Every engine against eager PyTorch, in sizes that the export has not seen.

    `refused` are words of the reason by engine, for those that cannot.
    """
    artifact = pliant.export(module.eval(), example, **options)
    for engine in ENGINES:
        if engine in (refused or {}):
            with pytest.raises(LoweringError, match=(refused or {})[engine]), pliant.load(artifact, engine) as session:
                session(*(v.numpy() if isinstance(v, Tensor) else v for v in cases[0]))
            continue
        with pliant.load(artifact, engine) as session, torch.no_grad():
            for case in cases:
                expected, got = module(*case), session(*(v.numpy() if isinstance(v, Tensor) else v for v in case))
                pairs = zip(got, expected, strict=True) if isinstance(expected, tuple) else [(got, expected)]
                for k, (result, wanted) in enumerate(pairs):
                    assert result.shape == tuple(wanted.shape), (engine, k)
                    np.testing.assert_allclose(result, wanted.numpy(), worst, worst, err_msg=f"{engine}, output {k}")


class Deformed(nn.Module):
    """A modulated deformable convolution as networks have it: offsets and mask from the picture; live factor behind."""

    def __init__(self, groups: int, offset_groups: int, stride: int, dilation: int, mask: bool) -> None:
        super().__init__()
        self.numbers = (stride, stride, 1, 1, dilation, dilation, groups, offset_groups)
        self.mask = mask
        generator = torch.Generator().manual_seed(0)
        self.weight = nn.Parameter(torch.rand(6, 4 // groups, 3, 3, generator=generator) - 0.5)
        self.bias = nn.Parameter(torch.rand(6, generator=generator))
        self.offsets = nn.Conv2d(4, offset_groups * 27, 3, stride, 1 if dilation == 1 else 2, dilation)
        self.pad = 1 if dilation == 1 else 2

    def forward(self, x: Tensor, factor: float) -> Tensor:
        rows, columns, mask = self.offsets(x).chunk(3, 1)
        offset = torch.cat((rows, columns), 1) * 4
        sh, sw, _, _, *rest = self.numbers
        mask = torch.sigmoid(mask) if self.mask else torch.zeros(x.shape[0], 1)
        y = OPS.deform_conv2d(x, self.weight, offset, mask, self.bias, sh, sw, self.pad, self.pad, *rest, self.mask)
        return F.interpolate(y, scale_factor=factor, mode="bilinear")


class Several(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        settings = ((1, 1, 1, 1, True), (2, 2, 2, 2, False), (1, 4, 1, 1, True))
        self.parts = nn.ModuleList(Deformed(*each) for each in settings)

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        return tuple(part(x, factor) for part in self.parts)


def test_deform_conv2d_runs_with_live_sizes() -> None:
    cases = [(torch.rand(n, 4, h, w), f) for n, h, w, f in ((1, 7, 12, 1.3), (2, 1, 1, 2.0), (1, 33, 20, 0.7))]
    check(Several(), (torch.rand(1, 4, 16, 20), 2.0), cases)


class PlainDeformed(nn.Module):
    """A deformable convolution that a model brings in plain PyTorch: corners by `gather`, as many repositories do."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets = nn.Conv2d(3, 18, 3, padding=1)
        self.conv = nn.Conv2d(27, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        offset = self.offsets(x).reshape(n, 9, 2, h, w) * 3
        ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        ky, kx = torch.meshgrid(torch.arange(-1, 2), torch.arange(-1, 2), indexing="ij")
        py = offset[:, :, 0] + ys + ky.reshape(9, 1, 1)
        px = offset[:, :, 1] + xs + kx.reshape(9, 1, 1)
        py, px = py.clamp(0, h - 1), px.clamp(0, w - 1)
        y0, x0 = py.floor().long(), px.floor().long()
        y1, x1 = (y0 + 1).clamp(max=h - 1), (x0 + 1).clamp(max=w - 1)
        wy, wx = (py - y0).unsqueeze(1), (px - x0).unsqueeze(1)

        def at(row: Tensor, column: Tensor) -> Tensor:
            index = (row * w + column).reshape(n, 1, -1).expand(-1, c, -1)
            return x.reshape(n, c, -1).gather(2, index).reshape(n, c, 9, h, w)

        top = at(y0, x0) * (1 - wx) + at(y0, x1) * wx
        bottom = at(y1, x0) * (1 - wx) + at(y1, x1) * wx
        return self.conv((top * (1 - wy) + bottom * wy).reshape(n, c * 9, h, w))


def test_a_deformable_convolution_in_plain_pytorch() -> None:
    sizes = ((1, 7, 12), (2, 1, 1), (1, 33, 20))
    cases = [(torch.rand(n, 3, h, w),) for n, h, w in sizes]
    check(PlainDeformed(), (torch.rand(1, 3, 16, 20),), cases, refused={"ncnn": "makes int64 of a picture"})


class Sampled(nn.Module):
    """With every kind of interpolation and padding."""

    def forward(self, x: Tensor, grid: Tensor) -> tuple[Tensor, ...]:
        ways = (
            ("bilinear", "border", True),
            ("bilinear", "zeros", False),
            ("bilinear", "reflection", False),
            ("bicubic", "reflection", False),
            ("bicubic", "zeros", True),
            ("nearest", "border", False),
        )
        return tuple(F.grid_sample(x, grid, mode, padding, corners) for mode, padding, corners in ways)


def test_grid_sample_runs_with_live_sizes() -> None:
    sizes = ((2, 7, 4, 3, 9), (1, 1, 1, 2, 2), (1, 20, 33, 17, 30))
    cases = [(torch.rand(n, 3, h, w), torch.rand(n, a, b, 2) * 2.6 - 1.3) for n, h, w, a, b in sizes]
    dims = {"x": "n 3 h w", "grid": "n a b 2"}
    check(Sampled(), (torch.rand(1, 3, 9, 8), torch.rand(1, 5, 6, 2)), cases, dims=dims)


class Warp(nn.Module):
    """Warping by optical flow, as video networks do it."""

    def forward(self, x: Tensor, flow: Tensor) -> Tensor:
        h, w = x.shape[2:]
        ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        place = torch.stack((xs, ys), 2) + flow.permute(0, 2, 3, 1)
        at = torch.stack((2 * place[..., 0] / max(w - 1, 1) - 1, 2 * place[..., 1] / max(h - 1, 1) - 1), 3)
        return F.grid_sample(x, at, padding_mode="border", align_corners=True)


def test_warping_by_flow() -> None:
    cases = [(torch.rand(n, 3, h, w), torch.randn(n, 2, h, w) * 3) for n, h, w in ((2, 7, 4), (1, 1, 1), (1, 20, 33))]
    dims = {"x": "n 3 h w", "flow": "n 2 h w"}
    check(Warp(), (torch.rand(1, 3, 9, 8), torch.randn(1, 2, 9, 8)), cases, dims=dims)


class Pooled(nn.Module):
    """A head that looks at boxes in one picture; the boxes arrive as [k, 4]."""

    def forward(self, x: Tensor, boxes: Tensor) -> tuple[Tensor, ...]:
        rois = torch.cat((torch.zeros_like(boxes[:, :1]), boxes), 1)
        ways = ((2, False), (-1, False), (-1, True))
        return tuple(OPS.roi_align(x * 2, rois, 0.5, 4, 3, ratio, aligned) for ratio, aligned in ways)


def boxes(count: int, h: int, w: int) -> Tensor:
    """Boxes in a picture, some reaching out of it."""
    corner = torch.rand(count, 2) * torch.tensor([w, h])
    return torch.cat((corner, corner + 0.5 + torch.rand(count, 2) * torch.tensor([w, h]) * 0.7), 1)


def test_roi_align_runs_with_live_sizes() -> None:
    cases = [(torch.rand(1, 3, h, w), boxes(k, 2 * h, 2 * w)) for h, w, k in ((7, 12, 3), (20, 9, 7), (1, 1, 1))]
    dims = {"x": "1 3 h w", "boxes": "k 4"}
    refused = {"ncnn": "RoiAlign"}
    check(Pooled(), (torch.rand(1, 3, 16, 12), boxes(5, 32, 24)), cases, dims=dims, refused=refused)


class Detected(nn.Module):
    """The boxes that are left, best first."""

    def forward(self, boxes: Tensor, scores: Tensor) -> Tensor:
        return boxes[OPS.nms(boxes, scores, 0.6)]


def test_nms_runs_with_a_live_number_of_boxes() -> None:
    cases = [(boxes(k, 20, 20), torch.rand(k)) for k in (12, 1, 57)]
    dims = {"boxes": "k 4", "scores": "k"}
    refused = {"ncnn": "NonMaxSuppression"}
    check(Detected(), (boxes(30, 20, 20), torch.rand(30)), cases, dims=dims, refused=refused)


class RotatedRoiAlign(nn.Module):
    """mmcv's `roi_align_rotated` in plain PyTorch: boxes (index, x, y, w, h, angle), a fixed sampling ratio."""

    def forward(self, x: Tensor, rois: Tensor) -> Tensor:
        bins, ratio, scale = 3, 2, 0.5
        cx, cy, w, h = (rois[:, k] * scale for k in (0, 1, 2, 3))
        w, h = w.clamp(min=1), h.clamp(min=1)
        steps = (torch.arange(bins * ratio) + 0.5) / (bins * ratio) - 0.5
        dy, dx = steps[:, None] * h[:, None, None], steps[None] * w[:, None, None]
        cos, sin = torch.cos(rois[:, 4])[:, None, None], torch.sin(rois[:, 4])[:, None, None]
        column = cx[:, None, None] + dx * cos + dy * sin
        row = cy[:, None, None] + dy * cos - dx * sin
        k = rois.shape[0]
        grid = torch.stack(((2 * column + 1) / x.shape[3] - 1, (2 * row + 1) / x.shape[2] - 1), 3)
        grid = grid.reshape(1, k * bins * ratio, bins * ratio, 2)
        found = F.grid_sample(x, grid, padding_mode="zeros", align_corners=False)
        pooled = F.avg_pool2d(found, ratio)
        return pooled.reshape(x.shape[1], k, bins, bins).transpose(0, 1)


def test_rotated_roi_align_in_plain_pytorch() -> None:
    def rois(count: int, h: int, w: int) -> Tensor:
        return torch.cat((boxes(count, h, w), torch.rand(count, 1) * 6 - 3), 1)

    cases = [(torch.rand(1, 3, h, w), rois(k, 2 * h, 2 * w)) for h, w, k in ((7, 12, 3), (20, 9, 7))]
    dims = {"x": "1 3 h w", "rois": "k 5"}
    check(RotatedRoiAlign(), (torch.rand(1, 3, 16, 12), rois(5, 32, 24)), cases, dims=dims)
