"""Published weights on Set5: small ones exported, the others in PyTorch; `make set5` has all on all engines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pliant.engines.base import load
from pliant.errors import CheckpointError
from pliant.exporter.checkpoint import read_checkpoint
from tests.architectures.set5 import ROWS, Measured, alone, eager, exported, psnr, quality

PUBLISHED = [row for row in ROWS if row.published is not None]


@pytest.mark.parametrize("row", PUBLISHED, ids=str)
def test_published_figures(reference: Path, row: Measured) -> None:
    assert row.expected is not None
    if row.planes:
        assert abs(alone(reference, row) - row.expected) < 0.001
    else:
        assert abs(quality(reference, row, eager(reference, row)) - row.expected) < 0.1


FILES = ("nhat-thanh/FSRCNN-x4.pt", "nhat-thanh/ESPCN-x2.pt", "nhat-thanh/SRCNN-915.pt")


@pytest.mark.parametrize("weights", FILES)
def test_engines_give_the_quality_of_pytorch(reference: Path, weights: str) -> None:
    """Two pictures, every factor of the file."""
    artifact = exported(reference, weights)
    for engine in ("onnxruntime", "openvino"):
        with load(artifact, engine) as session:
            for row in (row for row in ROWS if row.weights == weights):
                ours = quality(reference, row, session, 2)
                assert abs(ours - quality(reference, row, eager(reference, row), 2)) < 0.001


def test_a_full_pickle_stays_refused(reference: Path) -> None:
    with pytest.raises(CheckpointError, match="is a full pickle"):
        read_checkpoint(reference / "weights" / "vdsr" / "model_epoch_50.pth")


@pytest.mark.parametrize("measure", ["Y", "Y cut", "grey"])
def test_the_measure(measure: str) -> None:
    """An error of one grey level everywhere: 20 log10(255) dB, and luma has 219 levels for 255."""
    truth = np.full((9, 9) if measure == "grey" else (9, 9, 3), 100, np.uint8)
    result = np.full((1, 1 if measure == "grey" else 3, 9, 9), 101.4 / 255, np.float32)
    expected = 20 * np.log10(255 if measure == "grey" else 255**2 / 219)
    assert psnr(Measured("", 2, measure), result, truth) == pytest.approx(expected, abs=1e-6)
