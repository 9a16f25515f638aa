"""The tutorial's script: its graph in ONNX Runtime, with the settings as they come."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.contest.base import Contender, Run


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    import onnxruntime

    session = onnxruntime.InferenceSession(files["graph"], providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"image": image})[0]


CONTENDER = Contender("ONNX Runtime, the tutorial's script", start, order=2)
