"""The tutorial's network with its real checkpoint on every engine that runs here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import pliant
from tests.engines.test_matrix import runnable
from tests.exporter.test_tutorial import FACTORS, First
from tests.networks import tutorial_weights

SMALL = ((1, 1), (1, 2), (2, 3), (7, 5), (15, 17), (64, 33))
LARGE = ((131, 257, (1.3,)), (257, 131, (1.7, 2.5)))


@pytest.fixture(scope="module")
def network(reference: Path) -> tuple[First, pliant.Artifact]:
    module = First().eval()
    module.load_state_dict(tutorial_weights(reference))
    return module, pliant.export(module, (torch.rand(1, 3, 32, 40), 3.0))


def test_the_engines_of_the_project_run_here() -> None:
    """None may be left out because its package is missing: the development environment installs them."""
    assert {"ncnn", "onnxruntime", "openvino"} <= {engine.name for engine in runnable()}


@pytest.mark.parametrize("engine", [engine.name for engine in runnable()])
def test_the_numbers_of_eager_pytorch(network: tuple[First, pliant.Artifact], engine: str) -> None:
    module, artifact = network
    with pliant.load(artifact, engine) as session:
        for h, w, factors in [*((h, w, FACTORS) for h, w in SMALL), *LARGE]:
            x = np.random.default_rng(h * w).random((1, 3, h, w), np.float32)
            for factor in factors:
                with torch.no_grad():
                    expected = module(torch.from_numpy(x), factor).numpy()
                got = session(x, factor)
                assert got.shape == expected.shape, (h, w, factor)
                assert np.abs(got - expected).max() <= 1e-5, (h, w, factor)
                levels = [np.clip(np.round(a * 255), 0, 255) for a in (got, expected)]
                assert np.abs(levels[0] - levels[1]).max() <= 1, (h, w, factor)
