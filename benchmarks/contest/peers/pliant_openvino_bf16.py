"""pliant on OpenVINO in bfloat16, which is as exact as the programs with ncnn are."""

from __future__ import annotations

from benchmarks.contest.peers._pliant import contender

CONTENDER = contender("pliant, OpenVINO, bf16", order=14, engine="openvino", precision="bf16")
