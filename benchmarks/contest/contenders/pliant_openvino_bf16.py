"""pliant on OpenVINO in bfloat16."""

from __future__ import annotations

from benchmarks.contest.contenders._pliant import contender

CONTENDER = contender("pliant, OpenVINO, bf16", order=14, engine="openvino", precision="bf16")
