"""The many ways in which models ask for a resize or an adaptive pooling, against eager PyTorch."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.functional import interpolate as resized

import pliant
from pliant.capture.trace import trace
from pliant.contract import Output
from pliant.errors import CaptureError
from pliant.exporter.formulas import output_shapes, read_symbols
from pliant.exporter.signature import read_signature
from pliant.exporter.to_onnx import quietly, serialise, to_onnx

linear = functools.partial(F.interpolate, mode="bilinear", align_corners=False)


def data(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(sum(shape)))


class Layers(nn.Module):
    """Layers and functions of PyTorch, with a live factor."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode="bicubic")

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        self.up.scale_factor = factor
        return (
            self.up(x),
            nn.UpsamplingBilinear2d(scale_factor=factor)(x),
            nn.UpsamplingNearest2d(scale_factor=(factor, 2))(x),
            nn.Upsample(scale_factor=(factor, 1.5), mode="bilinear")(x),
            F.upsample(x, scale_factor=factor, mode="bilinear"),
            F.upsample_bilinear(x, scale_factor=factor),
            F.upsample_nearest(x, scale_factor=factor),
            linear(x, scale_factor=factor),
            resized(x, scale_factor=(np.float64(1.5), factor), mode="bicubic"),
        )


class Operators(nn.Module):
    """PyTorch's own operators, with live scales and sizes, together and alone."""

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        size = [int(x.shape[2] * factor), int(x.shape[3] * factor) + 1]
        pooled = (int(factor * 3), 4)
        return (
            torch._C._nn.upsample_bicubic2d(x, None, False, [factor, factor]),
            torch._C._nn.upsample_nearest2d(x, size, factor, factor),
            torch._C._nn.upsample_bilinear2d(x, size, True, None),
            torch.ops.aten.upsample_bilinear2d(x, size, False),
            torch.ops.aten.upsample_bilinear2d.vec(x, None, False, [factor, 2.0]),
            torch.ops.aten._upsample_bicubic2d_aa.default(x, size, False),
            torch._C._nn.adaptive_avg_pool2d(x, pooled),
            torch.ops.aten.adaptive_avg_pool2d(x, pooled),
        )


class Types(nn.Module):
    """Other types of data than float32: a mask, bytes, halves and doubles."""

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        mask, doubles = x > 0.5, x.double()
        return (
            F.interpolate(mask.float(), scale_factor=factor),
            F.interpolate(mask.to(torch.uint8), scale_factor=factor),
            F.interpolate(doubles, scale_factor=factor, mode="nearest-exact"),
            F.interpolate(doubles, scale_factor=factor, mode="bicubic"),
            F.interpolate(doubles, scale_factor=factor, mode="bilinear", antialias=True),
            F.interpolate(doubles, scale_factor=factor, mode="area"),
            F.interpolate(x.bfloat16(), scale_factor=factor).float(),
        )


class Halves(nn.Module):
    """Half precision, where one unit in the last place is 2^-11 of the range."""

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        half = x.half()
        bilinear, bicubic = (F.interpolate(half, scale_factor=factor, mode=m).float() for m in ("bilinear", "bicubic"))
        size = int(factor * 3)
        return bilinear, bicubic, F.adaptive_avg_pool2d(half, size).float(), F.adaptive_max_pool2d(half, size).float()


class Pools(nn.Module):
    """Adaptive pooling of three axes, of some axes, and to fixed sizes."""

    def forward(self, x: Tensor, size: int) -> tuple[Tensor, ...]:
        plane = x[:, :, 0]
        return (
            F.adaptive_avg_pool3d(x, (size, 2, None)),
            nn.AdaptiveMaxPool3d((None, size, 3))(x),
            F.interpolate(x, size=(size, 7, 5), mode="area"),
            nn.AdaptiveAvgPool2d((size, None))(plane),
            F.adaptive_avg_pool2d(plane, (3, 5)) * size,
            F.adaptive_max_pool2d(plane, 1) * size,
            F.adaptive_avg_pool2d(plane[0], size),
        )


def export(module: nn.Module, args: tuple[Any, ...], folder: Path, **how: Any) -> onnxruntime.InferenceSession:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # F.upsample and its like are deprecated, and used
        return onnxruntime.InferenceSession(str(pliant.export(module, args, **how).save(folder / "model.onnx")))


def check(session: onnxruntime.InferenceSession, module: nn.Module, x: Tensor, value: float, most: float) -> None:
    _, second = session.get_inputs()
    kind = np.int64 if second.type == "tensor(int64)" else np.float64
    got = session.run(None, {"x": x.numpy(), second.name: np.asarray(value, kind)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = module(x, value)
    for k, (a, b) in enumerate(zip(got, expected, strict=True)):
        assert a.shape == tuple(b.shape), (k, x.shape, value)
        assert np.abs(a.astype(np.float64) - b.double().numpy()).max() <= most, (k, x.shape, value)


@pytest.mark.parametrize("kind", [Layers, Operators, Types])
def test_every_way_to_ask(kind: type[nn.Module], tmp_path: Path) -> None:
    session = export(kind(), (data(1, 3, 16, 20), 1.5), tmp_path)
    for h, w in ((15, 17), (7, 3), (70, 67)):
        for factor in (1.3, 2.5, 2.0):
            check(session, kind(), data(1, 3, h, w), factor, 5e-6)


def test_pools(tmp_path: Path) -> None:
    session = export(Pools(), (data(2, 3, 6, 16, 20), 5), tmp_path, dims={"x": "n 3 d h w"})
    for d, h, w in ((4, 7, 3), (1, 1, 1), (9, 15, 40)):
        for size in (1, 2, 7, 16):
            check(session, Pools(), data(1, 3, d, h, w), size, 5e-6 * size)


def test_half_precision_within_one_unit() -> None:
    """Not through `pliant.export`, whose audit wants 1e-4 of the range, less than a unit of float16."""
    signature = read_signature(Halves(), (data(1, 3, 16, 20), 1.5), {}, {}, {}, None)
    with quietly():
        program = trace(Halves(), signature.leaves, signature.assemble).program
        shapes = output_shapes(program, read_symbols(program, signature.inputs))
        outputs = [Output(f"output_{k}", dtype, dims) for k, (dtype, dims) in enumerate(shapes)]
        file = serialise(to_onnx(program, signature.inputs, outputs, "test"))
    session = onnxruntime.InferenceSession(file)
    for h, w in ((15, 17), (70, 67)):
        for factor in (1.3, 2.5):
            check(session, Halves(), data(1, 3, h, w), factor, 2**-10)


class Indices(nn.Module):
    def forward(self, x: Tensor, size: int) -> tuple[Tensor, Tensor]:
        return F.adaptive_max_pool2d(x, size, return_indices=True)


class Shuffle(nn.Module):
    def forward(self, x: Tensor, factor: int) -> Tensor:
        return F.pixel_shuffle(x, factor)


@pytest.mark.parametrize(
    ("module", "args", "reason"),
    [
        (Indices(), (data(1, 3, 16, 20), 5), "windows that differ in size"),
        (Shuffle(), (data(1, 16, 8, 8), 2), "DepthToSpace"),
    ],
)
def test_refusals_name_the_line(module: nn.Module, args: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(CaptureError, match=reason) as raised:
        pliant.export(module, args)
    assert "test_resize.py" in str(raised.value)
