"""The tutorial's three networks with its real weights, its pictures, and the published quality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

import pliant
from tests.idioms import Resize
from tests.networks import tutorial_weights

FACTORS = (1.0, 1.3, 1.7, 2.0, 2.5, 3.0, 4.0)
SIZES = ((1, 1), (1, 2), (2, 3), (7, 5), (15, 17), (64, 33), (131, 257), (257, 131))


class Network(nn.Module):
    """9-1-5, as the tutorial writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=9, padding=4)
        self.conv2 = nn.Conv2d(64, 32, kernel_size=1, padding=0)
        self.conv3 = nn.Conv2d(32, 3, kernel_size=5, padding=2)
        self.relu = nn.ReLU()

    def body(self, x: Tensor) -> Tensor:
        return self.conv3(self.relu(self.conv2(self.relu(self.conv1(x)))))


class First(Network):
    def forward(self, x: Tensor, upscale_factor: float) -> Tensor:
        return self.body(F.interpolate(x, scale_factor=upscale_factor, mode="bicubic", align_corners=False))


class Second(Network):
    def forward(self, x: Tensor, upscale_factor: Tensor) -> Tensor:
        return self.body(F.interpolate(x, scale_factor=upscale_factor.item(), mode="bicubic", align_corners=False))


class Third(Network):
    def forward(self, x: Tensor, upscale_factor: Tensor) -> Tensor:
        return self.body(Resize.apply(x, upscale_factor))


def given(network: nn.Module, factor: float) -> Any:
    if isinstance(network, First):
        return factor
    return torch.tensor(factor) if isinstance(network, Second) else torch.tensor([1, 1, factor, factor])


@pytest.fixture(scope="module", params=[First, Second, Third], ids=lambda c: c.__name__)
def exported(request: pytest.FixtureRequest, reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """(module, ONNX Runtime session) of one of the networks."""
    network = request.param()
    network.load_state_dict(tutorial_weights(reference))
    network.eval()
    artifact = pliant.export(network, (torch.rand(1, 3, 32, 40), given(network, 3.0)))
    file = artifact.save(tmp_path_factory.mktemp("tutorial") / "srcnn.onnx")
    return network, onnxruntime.InferenceSession(str(file))


def run(session: onnxruntime.InferenceSession, image: np.ndarray, factor: Any) -> np.ndarray:
    first, second = session.get_inputs()
    dtype = np.float64 if second.type == "tensor(double)" else np.float32
    return session.run(None, {first.name: image, second.name: np.asarray(factor, dtype)})[0]


def test_equal_to_eager_at_every_size_and_factor(exported: Any) -> None:
    network, session = exported
    for h, w in SIZES:
        image = torch.rand(1, 3, h, w, generator=torch.Generator().manual_seed(h * w))
        for factor in FACTORS:
            with torch.no_grad():
                expected = network(image, given(network, factor)).numpy()
            got = run(session, image.numpy(), given(network, factor))
            assert got.shape == expected.shape, (h, w, factor)
            assert np.abs(got - expected).max() <= 1e-5, (h, w, factor)


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("jianyangshi__face_torch.png", 3),
        ("jianyangshi__face_torch_3.png", 3),
        ("jianyangshi__face_ort.png", 3),
        ("vegedoge__face_torch.png", 3),
        ("vegedoge__face_torch_op.png", 3),
        ("vegedoge__face_ort.png", 4),
        ("vegedoge__face_ort_op.png", 4),
    ],
)
def test_pictures_that_strangers_made(exported: Any, reference: Path, name: str, factor: int) -> None:
    """Run the tutorial's way: BGR, 0 to 255, cut and not rounded."""
    network, session = exported
    face = np.asarray(Image.open(reference / "tutorial/face.png").convert("RGB"))[:, :, ::-1]
    golden = np.asarray(Image.open(reference / "tutorial/golden" / name).convert("RGB"))[:, :, ::-1]
    image = np.ascontiguousarray(face.transpose(2, 0, 1)[None]).astype(np.float32)
    result = run(session, image, given(network, float(factor)))
    levels = np.clip(np.squeeze(result, 0), 0, 255).transpose(1, 2, 0).astype(np.uint8)
    assert levels.shape == golden.shape
    assert np.abs(levels.astype(int) - golden.astype(int)).max() <= 1


def test_published_quality(exported: Any, reference: Path) -> None:
    """Set5 at 4, RGB in [0, 1], rounded, four pixels of border left out: 28.43 dB."""
    network, session = exported
    scores: list[float] = []
    for k in range(1, 6):
        stem = reference / f"benchmarks/Set5/x4/img_00{k}"
        low, high = (np.asarray(Image.open(f"{stem}_{kind}.png").convert("RGB")) for kind in ("LR", "HR"))
        image = np.ascontiguousarray(low.transpose(2, 0, 1)[None], np.float32) / 255
        result = np.clip(run(session, image, given(network, 4.0))[0].transpose(1, 2, 0), 0, 1)
        error = (np.round(result * 255) - high.astype(float))[4:-4, 4:-4]
        scores.append(10 * np.log10(255**2 / np.mean(error**2)))
    assert np.mean(scores) == pytest.approx(28.43, abs=0.005)
