from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.arguments import bind
from pliant.engines.base import Session, load
from pliant.errors import LoweringError
from pliant.window import Window

ENGINES = [pytest.param("onnxruntime"), pytest.param("openvino")]


def difference(session: Session, values: np.ndarray, window: Window, margin: int, factor: float | None) -> float:
    """The largest between the result of a crop, without `margin` pixels of it at inner edges, and that of the whole."""
    given = () if factor is None else (factor,)
    whole = session(values, *given)
    (top, left), (bottom, right) = window.start, window.end
    feeds = bind(session.contract, (np.ascontiguousarray(values[:, :, top:bottom, left:right]), *given), {})
    windowed = session.windowed()
    assert windowed is not None
    placed, result = windowed.place(feeds, window), windowed.run(feeds, window)
    assert result.shape[2:] == placed.size
    inner: list[slice] = []
    for k in (0, 1):
        around = int((margin + placed.lost[k]) * (factor or 4))
        before = around if window.start[k] else 0
        behind = around if window.end[k] < window.whole[k] else 0
        inner.append(slice(before, placed.size[k] - behind))
    there = [slice(s + part.start, s + part.stop) for s, part in zip(placed.start, inner, strict=True)]
    own, expected = result[:, :, inner[0], inner[1]], whole[:, :, there[0], there[1]]
    assert own.shape == expected.shape
    assert own.size
    return float(np.abs(own - expected).max())


@pytest.mark.filterwarnings("ignore::pliant.stamps.UnverifiedWarning")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("factor", [2.0, 2.5, 1.7, 0.6, 3.0])
def test_a_crop_has_the_phases_of_the_whole(srcnn: Path, engine: str, factor: float) -> None:
    random = np.random.default_rng(int(10 * factor))
    with load(srcnn, engine) as session:
        for _ in range(4):
            height, width = (int(n) for n in random.integers(80, 120, 2))
            top, left = (int(n) for n in random.integers(0, 20, 2))
            size = (int(random.integers(58, height - top)), int(random.integers(58, width - left)))
            values = random.random((1, 3, height, width), np.float32)
            window = Window((height, width), (top, left), size)
            assert difference(session, values, window, 14, factor) <= 1e-6


def test_far_from_the_corner(srcnn: Path) -> None:
    """Where positions in float32 are rounded to some 1e-4 of a pixel, a crop of its own would have others."""
    values = np.random.default_rng(0).random((1, 3, 20, 6000), np.float32)
    with load(srcnn) as session:
        assert difference(session, values, Window((20, 6000), (0, 5900), (20, 80)), 8, 2.7) <= 1e-6
        alone = session(np.ascontiguousarray(values[..., 5900:5980]), 2.7)
        assert np.abs(alone[..., 40:150] - session(values, 2.7)[..., 15930 + 40 : 15930 + 150]).max() > 1e-5


class Antialiased(nn.Module):
    """Computes at four times the size and reduces that, in blocks of pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 48, 3, padding=1)

    def forward(self, image: Tensor, factor: float) -> Tensor:
        large = F.pixel_shuffle(self.conv(image), 4)
        return F.interpolate(large, scale_factor=factor / 4, mode="bicubic", antialias=True)


@pytest.mark.parametrize("factor", [2.5, 0.7, 3.9])
def test_blocks_of_pixels_that_are_reduced_together(tmp_path: Path, factor: float) -> None:
    torch.manual_seed(0)
    example = (torch.rand(1, 3, 24, 17), 2.5)
    pliant.export(Antialiased(), example, values={"factor": (0.5, 8)}).save(tmp_path / "a.onnx")
    values = np.random.default_rng(0).random((1, 3, 160, 150), np.float32)
    with load(tmp_path / "a.onnx") as session:
        for start in range(1, 18, 4):
            window = Window((160, 150), (start, start + 3), (120, 130))
            assert difference(session, values, window, 12, factor) <= 1e-6


class Sizes(nn.Module):
    """Resizes to a size, not by a factor: the step is a quotient of whole lengths."""

    def forward(self, image: Tensor) -> Tensor:
        coarse = F.avg_pool2d(image, 3)
        return image + F.interpolate(coarse, image.shape[-2:], mode="bilinear")


def test_a_resize_to_a_size(tmp_path: Path) -> None:
    pliant.export(Sizes(), (torch.rand(1, 3, 24, 17),)).save(tmp_path / "a.onnx")
    values = np.random.default_rng(0).random((1, 3, 101, 98), np.float32)
    with load(tmp_path / "a.onnx") as session:
        whole = session(values)
        window = Window((101, 98), (30, 30), (60, 60))
        feeds = bind(session.contract, (np.ascontiguousarray(values[:, :, 30:90, 30:90]),), {})
        windowed = session.windowed()
        assert windowed is not None
        result = windowed.run(feeds, window)
        assert np.abs(result - whole[:, :, 30:90, 30:90])[:, :, 10:-10, 10:-10].max() <= 1e-6


class Flat(nn.Module):
    """Numbers its pixels through rows and columns."""

    def forward(self, image: Tensor) -> Tensor:
        h, w = image.shape[-2:]
        index = torch.arange(h * w - 1, -1, -1)
        return image.flatten(2)[:, :, index].reshape(image.shape)


def test_what_cannot_be_cut_in_parts_is_refused(tmp_path: Path) -> None:
    pliant.export(Flat(), (torch.rand(1, 3, 24, 17),)).save(tmp_path / "a.onnx")
    with load(tmp_path / "a.onnx") as session:
        windowed = session.windowed()
        assert windowed is not None
        with pytest.raises(LoweringError, match="rows and columns together"):
            windowed.run(
                bind(session.contract, (np.zeros((1, 3, 30, 30), np.float32),), {}), Window((60, 60), (0, 0), (30, 30))
            )
