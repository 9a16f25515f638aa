"""OpenVINO by hand, in bfloat16."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.contest.base import Contender, Run
from benchmarks.contest.contenders._openvino import opened


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    return opened(files["graph"], "bf16")


CONTENDER = Contender("OpenVINO, by hand, bf16", start, order=5)
