"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import live_model


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file with a contract and a live factor from 1 to 4, as the shipped model has."""
    return live_model(1, 4).save(tmp_path_factory.mktemp("models") / "live.onnx")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data, which is not part of the project."""
    if "PLIANT_REFERENCE_DATA" not in os.environ:
        pytest.skip("PLIANT_REFERENCE_DATA is not set: the reference data is not part of the project")
    return Path(os.environ["PLIANT_REFERENCE_DATA"])
