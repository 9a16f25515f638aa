"""pliant on ONNX Runtime."""

from __future__ import annotations

from benchmarks.contest.peers._pliant import contender

CONTENDER = contender("pliant, ONNX Runtime", order=11, engine="onnxruntime")
