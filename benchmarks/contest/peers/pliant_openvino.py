"""pliant on OpenVINO."""

from __future__ import annotations

from benchmarks.contest.peers._pliant import contender

CONTENDER = contender("pliant, OpenVINO", order=12, engine="openvino")
