"""A session knows which model it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from pliant.artifact import Artifact
from pliant.engines.base import load
from tests.support import fixed_model, live_model


def fingerprint(model: Path | Artifact) -> str:
    with load(model) as session:
        return session.fingerprint


def test_it_is_that_of_the_model(tmp_path: Path) -> None:
    model = live_model(1, 4)
    assert fingerprint(model) == fingerprint(model.save(tmp_path / "a.onnx")) == f"{model.fingerprint} f32"
    (tmp_path / "b.onnx").write_bytes(fixed_model(2))
    (tmp_path / "c.onnx").write_bytes(fixed_model(3))
    assert fingerprint(tmp_path / "b.onnx") != fingerprint(tmp_path / "c.onnx")


def test_weights_beside_the_model_count(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    graph = onnx.load_from_string(live_model(1, 4).model)
    onnx.save(graph, path, save_as_external_data=True, location="m.weights", size_threshold=100)
    before = fingerprint(path)
    assert fingerprint(path) == before
    weights = np.fromfile(tmp_path / "m.weights", np.float32) * 2
    (tmp_path / "m.weights").write_bytes(weights.tobytes() + b"\0\0\0\0")
    assert fingerprint(path) != before
