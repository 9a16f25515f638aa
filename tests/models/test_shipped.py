"""The model that ships: small, with a contract, better than a bicubic resize."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import pliant
from pliant.artifact import Artifact
from pliant.models import path

LUMA = np.array([65.481, 128.553, 24.966]) / 255
LEAST = {2: 0.3, 3: 0.4, 4: 0.3}  # dB above bicubic, well below what was measured; see training/README.md


def shipped() -> Artifact:
    artifact = Artifact.load(path("srcnn"))
    assert artifact is not None
    return artifact


def test_is_small_and_says_what_it_is() -> None:
    contract = shipped().contract
    assert Path(path("srcnn")).stat().st_size < 300 * 1024
    assert contract.factor == "factor"
    assert contract.input("factor").values.contains(2.5)
    assert contract.provenance.source == "pliant.architectures.srcnn.SRCNN"
    assert any("1 to 4" in note for note in contract.notes)


def test_a_flat_picture_stays_flat() -> None:
    with pliant.load(path("srcnn")) as session:
        result = session(np.full((1, 3, 20, 30), 0.4, np.float32), factor=2.5)
    assert result.shape == (1, 3, 50, 75)
    assert np.abs(result[..., 8:-8, 8:-8] - 0.4).max() < 1 / 255


def quality(result: NDArray[np.float64], truth: NDArray[np.float64], border: int) -> float:
    inner = slice(border, -border)
    error = ((result - truth) @ LUMA)[inner, inner]
    return float(10 * np.log10(255**2 / np.mean(error**2)))


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_better_than_bicubic_on_set5(factor: int, reference: Path) -> None:
    gains: list[float] = []
    with pliant.load(path("srcnn")) as session:
        for k in range(1, 6):
            stem = reference / f"benchmarks/Set5/x{factor}/img_00{k}"
            low, high = (Image.open(f"{stem}_{kind}.png").convert("RGB") for kind in ("LR", "HR"))
            truth = np.asarray(high, np.float64)
            image = np.asarray(low, np.float32).transpose(2, 0, 1)[None] / 255
            ours = np.clip(session(image, float(factor))[0].transpose(1, 2, 0), 0, 1) * 255
            bicubic = np.asarray(low.resize(high.size, Image.Resampling.BICUBIC), np.float64)
            gains.append(quality(np.round(ours), truth, factor) - quality(bicubic, truth, factor))
    assert np.mean(gains) > LEAST[factor]
