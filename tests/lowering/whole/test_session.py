"""When a session computes in parts, and that the parts are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import pytest
import torch
from torch import nn

import pliant
from pliant.arguments import bind
from pliant.artifact import Artifact
from pliant.engines.base import Session, load
from pliant.lowering.whole import parts
from pliant.window import Window
from tests.lowering.whole.networks import Enlarging

pytestmark = pytest.mark.filterwarnings("ignore::pliant.stamps.UnverifiedWarning")
SIZE = (135, 130)  # at a factor of 4 a little more than what parts are made for


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLIANT_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def module() -> nn.Module:
    torch.manual_seed(0)
    return Enlarging(residual=True).eval()


@pytest.fixture(scope="module")
def artifact(module: nn.Module) -> Artifact:
    return pliant.export(module, (torch.rand(1, 3, 24, 17), 3.0))


def picture(size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.random.default_rng(0).random((1, 3, *size), np.float32)


def in_parts(session: Session, size: tuple[int, int], factor: float) -> bool:
    backend: Any = session._backend
    return backend.wholes.at(bind(session.contract, (picture(size), factor), {})) is not None


def test_large_pictures_at_whole_factors(artifact: Artifact, module: nn.Module) -> None:
    with load(artifact, "openvino") as session:
        assert in_parts(session, SIZE, 4.0)
        assert not in_parts(session, (90, 90), 4.0)
        assert not in_parts(session, SIZE, 4.5)
        assert not in_parts(session, (600, 5), 16.0)
        assert not in_parts(session, (600, 600), 3.0), "PyTorch rounds positions far from the corner"
        for factor in (4.0, 4.5):
            with torch.inference_mode():
                expected = module(torch.from_numpy(picture()), factor).numpy()
            result = session(picture(), factor)
            assert result.shape == expected.shape
            assert np.abs(result - expected).max() <= 5e-6


def test_kept_for_the_next_process(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    with load(artifact, "openvino") as session:
        first = session(picture(), 4.0)
    monkeypatch.setattr(parts, "files", lambda *_, **__: pytest.fail("made again"))
    with load(artifact, "openvino") as session:
        assert in_parts(session, SIZE, 4.0)
        assert np.array_equal(session(picture(), 4.0), first)


def test_parts_that_differ_are_not_used(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong in them: they are compared with the network before they are kept."""
    make = parts.files

    def wrong(*arguments: Any, in_blocks: bool) -> dict[str, bytes]:
        made = make(*arguments, in_blocks=in_blocks)
        model = onnx.ModelProto.FromString(made[".top.onnx"])
        for tensor in model.graph.initializer:
            if len(tensor.dims) == 4:
                tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor) * 1.001, tensor.name))
        return {**made, ".top.onnx": model.SerializeToString()}

    monkeypatch.setattr(parts, "files", wrong)
    with load(artifact, "openvino") as session:
        assert not in_parts(session, SIZE, 4.0)
        backend: Any = session._backend
        assert "off" in backend.wholes.reasons[4]


class Pooling(nn.Module):
    """Takes a second value."""

    def forward(self, image: torch.Tensor, factor: float, strength: float) -> torch.Tensor:
        """[n, 3, h, w] to [n, 3, H, W]."""
        return torch.nn.functional.interpolate(image, scale_factor=factor, mode="bicubic") * strength


def test_other_networks_are_computed_as_they_are() -> None:
    made = pliant.export(Pooling().eval(), (torch.rand(1, 3, 24, 17), 3.0, 0.5))
    with load(made, "openvino") as session:
        backend: Any = session._backend
        assert backend.wholes.refused
        assert session(picture(), 4.0, 0.5).shape == (1, 3, 540, 520)


def test_a_crop_of_a_picture(artifact: Artifact) -> None:
    """Only its sides at the border of the picture are those of a picture."""
    values, margin = picture((180, 170)), 12
    with load(artifact, "openvino") as session:
        whole = session(values, 4.0)
        windowed = session.windowed()
        assert windowed is not None
        for top, left, height, width in ((0, 0, 90, 100), (60, 50, 80, 70), (90, 70, 90, 100), (0, 70, 180, 100)):
            window = Window((180, 170), (top, left), (height, width))
            crop = np.ascontiguousarray(values[:, :, top : top + height, left : left + width])
            feeds = bind(session.contract, (crop, 4.0), {})
            placed, result = windowed.place(feeds, window), windowed.run(feeds, window)
            assert placed.start == (4 * top, 4 * left)
            upper, before = 4 * margin * (top > 0), 4 * margin * (left > 0)
            lower = 4 * (height - margin * (top + height < 180))
            behind = 4 * (width - margin * (left + width < 170))
            expected = whole[:, :, 4 * top : 4 * (top + height), 4 * left : 4 * (left + width)]
            assert np.abs((result - expected)[:, :, upper:lower, before:behind]).max() <= 2e-6
