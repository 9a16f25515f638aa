"""The tutorial's script: its graph in ONNX Runtime, with the settings as they come."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from benchmarks.contest.base import Array, Contender, Run


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    onnxruntime: Any = import_module("onnxruntime")
    session = onnxruntime.InferenceSession(files["graph"], providers=["CPUExecutionProvider"])

    def run(image: Array) -> Array:
        return session.run(None, {"image": image})[0]

    return run


CONTENDER = Contender("ONNX Runtime, the tutorial's script", start, order=2)
