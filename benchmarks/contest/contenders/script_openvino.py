"""OpenVINO by hand: the tutorial's graph in float32, one request that is used again, no copies."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.contest.base import Contender, Run
from benchmarks.contest.contenders._openvino import opened


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    return opened(files["graph"], "f32")


CONTENDER = Contender("OpenVINO, by hand", start, order=3)
