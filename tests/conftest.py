"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.support import live_model

# what "auto" means, in tests and the processes they start: nothing is measured, and no cache of a user's is written
os.environ["PLIANT_ENGINE"] = "onnxruntime"

# processes that share the cores already: with as many threads each, PyTorch takes twice as long
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def _caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that do not exist yet."""
    base = tmp_path_factory.mktemp("caches")
    return (base / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_cache(_caches: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that other runs or tests have found out counts, and nothing is left for them."""
    monkeypatch.setenv("PLIANT_CACHE", str(next(_caches)))


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


@pytest.fixture(scope="session")
def srcnn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of `networks.srcnn`, with a live factor from 0.5 to 8."""
    import torch

    import pliant
    from tests import networks

    artifact = pliant.export(networks.srcnn(), (torch.rand(1, 3, 24, 17), 2.5), values={"factor": (0.5, 8)})
    return artifact.save(tmp_path_factory.mktemp("networks") / "srcnn.onnx")


@pytest.fixture(scope="session")
def deciding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of `networks.deciding`, with a live strength from 0 to 4 and a live number of rounds from 0 to 6."""
    import torch

    import pliant
    from tests import networks

    values = {"strength": (0, 4), "n": (0, 6)}
    artifact = pliant.export(networks.deciding(), (torch.rand(1, 3, 24, 17), 2.0, 3), values=values)
    return artifact.save(tmp_path_factory.mktemp("networks") / "deciding.onnx")
