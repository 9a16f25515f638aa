"""What is shipped about the models holds for them, and is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pliant
from pliant.imaging.facts import known_locality
from pliant.imaging.locality import measured
from pliant.imaging.network import Network
from pliant.imaging.sizes import plan
from pliant.imaging.upscaling import LEAN, Limits, Work
from pliant.models import DEFAULT, path
from tests.support import gradient

FACTORS = (1.0, 2.0, 4.0, 8.0)


@pytest.mark.parametrize("factor", FACTORS)
def test_the_default_model_looks_no_farther_than_is_said(factor: float) -> None:
    network = Network.of(pliant.load(path(), engine="onnxruntime"))
    said = known_locality(network, factor)
    assert said is not None
    found = measured(network, factor)
    assert found.exact
    assert type(found.parts) is type(said.parts)
    assert found.step == said.step
    assert max(found.radius) <= min(said.radius)


def test_a_small_picture_is_computed_in_tiles_that_equal_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLIANT_CACHE", str(tmp_path))  # empty: what is shipped is enough
    network = Network.of(pliant.load(path(DEFAULT), engine="onnxruntime"))
    pixels, made = gradient(150, 170), plan(network, (150, 170), 4)
    assert made.result[0] * made.result[1] > LEAN
    whole, lean = (
        list(Work(network, made, limits, lambda s: None).strips(pixels, kept=True))
        for limits in (Limits(), Limits(lean=True))
    )
    assert (len(whole), len(lean)) == (1, 2)
    # the same in every bit where it was measured; other processors may round otherwise
    assert np.abs(whole[0].astype(int) - np.concatenate(lean)).max() <= 1
    assert list(tmp_path.iterdir()) == []
