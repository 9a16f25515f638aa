"""Every way of resizing, and all arithmetic on live numbers, against eager PyTorch."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant

SHAPES = ((16, 20), (1, 1), (7, 5), (10, 30), (131, 67))
FACTORS = (3.0, 1.3, 1.7, 2.0, 1.01, 1.0, 15 / 14, 2.5)


class Scale(nn.Module):
    """All modes of one kind of resize at once, so that they cost one export."""

    def __init__(self, rank: int, fixed: float | None = None) -> None:
        super().__init__()
        self.rank, self.fixed = rank, fixed

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        f = factor if self.fixed is None else self.fixed
        smooth = {1: ["linear"], 2: ["bilinear", "bicubic"], 3: ["trilinear"]}[self.rank]
        results = [F.interpolate(x, scale_factor=f, mode=mode) for mode in ("nearest", "nearest-exact", *smooth)]
        results += [F.interpolate(x, scale_factor=f, mode=mode, align_corners=True) for mode in smooth]
        results += [F.interpolate(x, scale_factor=f, mode=mode, recompute_scale_factor=True) for mode in smooth]
        return (*results, x * factor)


class Size(nn.Module):
    def forward(self, x: Tensor, size: Tensor) -> tuple[Tensor, ...]:
        h, w = size.tolist()
        modes = ("nearest", "nearest-exact", "bilinear", "bicubic")
        results = [F.interpolate(x, size=(h, w), mode=mode) for mode in modes]
        corners = [F.interpolate(x, size=(h, w), mode=mode, align_corners=True) for mode in modes[2:]]
        return (*results, *corners, nn.Upsample(size=(h, 9), mode="bicubic")(x))


class Antialias(nn.Module):
    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        return tuple(F.interpolate(x, scale_factor=factor, mode=m, antialias=True) for m in ("bilinear", "bicubic"))


def check(module: nn.Module, args: tuple[Any, ...], cases: list[tuple[Any, ...]], folder: Path, worst: float) -> None:
    options: dict[str, Any] = (
        {} if args[0].dim() == 4 else {"dims": {"x": "n c h" if args[0].dim() == 3 else "n c d h w"}}
    )
    session = onnxruntime.InferenceSession(str(pliant.export(module, args, **options).save(folder / "model.onnx")))
    types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}
    for case in cases:
        feeds = {i.name: np.asarray(a, types[i.type]) for i, a in zip(session.get_inputs(), case, strict=True)}
        for k, (got, expected) in enumerate(zip(session.run(None, feeds), module(*case), strict=True)):
            label = (k, tuple(case[0].shape), case[1])
            assert got.shape == tuple(expected.shape), label
            assert np.abs(got - expected.numpy()).max() <= worst, label


def data(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize(("rank", "fixed"), [(1, None), (2, None), (3, None), (2, 1.3)])
def test_scales(rank: int, fixed: float | None, tmp_path: Path) -> None:
    shapes = [(2, 3, *(h, w, 4)[:rank]) for h, w in SHAPES]
    cases = [(data(*shape), f) for shape in shapes for f in FACTORS]
    check(Scale(rank, fixed), (data(2, 3, *(16, 20, 6)[:rank]), 3.0), cases, tmp_path, 5e-6)


def test_sizes(tmp_path: Path) -> None:
    cases = [(data(1, 3, h, w), torch.tensor(s)) for h, w in SHAPES for s in ((31, 45), (1, 1), (h, w), (2 * h, 3))]
    check(Size(), (data(1, 3, 16, 20), torch.tensor([31, 45])), cases, tmp_path, 5e-6)


def test_antialias(tmp_path: Path) -> None:
    cases = [(data(1, 3, h, w), f) for h, w in SHAPES[:4] for f in (0.4, 1.3, 3.0, 15 / 14) if min(h, w) * f >= 1]
    check(Antialias(), (data(1, 3, 16, 20), 1.5), cases, tmp_path, 5e-6)


class Arithmetic(nn.Module):
    """Numbers as Python computes them, in double and with Python's signs, then as one tensor per result."""

    def forward(self, x: Tensor, f: float, k: int) -> Tensor:
        h, w = x.shape[-2:]
        whole = [h // 3, -h // 3, -h % 8, h % -8, k // -4, k % 4, divmod(h, 7)[1], abs(-k), k**2, min(h, w, k)]
        cut = [int(h * f), int(-h * f), round(h * f), round(f / 2), math.floor(-f * w), math.ceil(f * w), int(h / w)]
        real = [f % 0.7, -f % 0.7, f**0.5, math.sqrt(f), max(f, 2.0), min([f, 2]), h / w, f // 0.3, float(k) / 3, -f]
        return torch.stack([x.mean() * 0 + number for number in (*whole, *cut, *real)])


def test_arithmetic(tmp_path: Path) -> None:
    cases = [(data(1, 3, h, w), f, k) for h, w in SHAPES for f, k in ((1.3, 7), (0.7, -9), (2.5, 0), (4097.1, 3))]
    session_of = pliant.export(Arithmetic(), (data(1, 3, 16, 20), 1.7, 5)).save(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(session_of))
    for x, f, k in cases:
        feeds = {"x": x.numpy(), "f": np.asarray(f), "k": np.asarray(k)}
        (got,) = session.run(None, feeds)
        expected = Arithmetic()(x, f, k).numpy()
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-6), (x.shape, f, k)


class Roll(nn.Module):
    def forward(self, x: Tensor, shift: Tensor) -> tuple[Tensor, ...]:
        s = shift.item()
        return torch.roll(x, (s, -s), (2, 3)), torch.roll(x, s)


def test_roll(tmp_path: Path) -> None:
    cases = [(data(1, 3, h, w), torch.tensor(s)) for h, w in SHAPES for s in (0, 1, -3, 100)]
    check(Roll(), (data(1, 3, 16, 20), torch.tensor(3)), cases, tmp_path, 0)
