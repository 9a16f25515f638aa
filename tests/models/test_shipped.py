"""The models that ship: small, with a contract, better than a bicubic resize; the default is the better one."""

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
# dB above bicubic, well below what was measured; see training/README.md
LEAST = {"srcnn": {2: 0.3, 3: 0.4, 4: 0.3}, "anyscale": {2: 2.3, 3: 1.7, 4: 1.5}}
TRAINED = {"srcnn": "1 to 4", "anyscale": "1 to 8"}


def shipped(name: str) -> Artifact:
    artifact = Artifact.load(path(name))
    assert artifact is not None
    return artifact


def test_the_default() -> None:
    assert path().stem == "anyscale"


@pytest.mark.parametrize("name", TRAINED)
def test_is_small_and_says_what_it_is(name: str) -> None:
    contract = shipped(name).contract
    assert Path(path(name)).stat().st_size < 300 * 1024
    assert contract.factor == "factor"
    assert contract.input("factor").values.contains(2.5)
    assert str(contract.provenance.source).startswith(f"pliant.architectures.{name}.")
    assert any(TRAINED[name] in note for note in contract.notes)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("factor", [1.5, 2.5, 7.3])
def test_a_flat_picture_stays_flat(name: str, factor: float) -> None:
    edge = int(10 * factor)
    with pliant.load(path(name)) as session:
        result = session(np.full((1, 3, 30, 40), 0.4, np.float32), factor=factor)
    assert result.shape == (1, 3, int(30 * factor), int(40 * factor))
    assert np.abs(result[..., edge:-edge, edge:-edge] - 0.4).max() < 1 / 255


def quality(result: NDArray[np.float64], truth: NDArray[np.float64], border: int) -> float:
    inner = slice(border, -border)
    error = ((result - truth) @ LUMA)[inner, inner]
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def gains(name: str, factor: int, reference: Path) -> float:
    """Mean dB above bicubic on Set5."""
    found: list[float] = []
    with pliant.load(path(name)) as session:
        for k in range(1, 6):
            stem = reference / f"benchmarks/Set5/x{factor}/img_00{k}"
            low, high = (Image.open(f"{stem}_{kind}.png").convert("RGB") for kind in ("LR", "HR"))
            truth = np.asarray(high, np.float64)
            image = np.asarray(low, np.float32).transpose(2, 0, 1)[None] / 255
            ours = np.clip(session(image, float(factor))[0].transpose(1, 2, 0), 0, 1) * 255
            bicubic = np.asarray(low.resize(high.size, Image.Resampling.BICUBIC), np.float64)
            found.append(quality(np.round(ours), truth, factor) - quality(bicubic, truth, factor))
    return float(np.mean(found))


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_better_than_bicubic_on_set5(factor: int, reference: Path) -> None:
    before, after = (gains(name, factor, reference) for name in ("srcnn", "anyscale"))
    assert before > LEAST["srcnn"][factor]
    assert after > LEAST["anyscale"][factor]
    assert after > before
