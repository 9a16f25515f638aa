"""PyTorch as it is: the network that all others are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from benchmarks.contest.base import Contender, Run


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    from benchmarks.contest.contenders._srcnn import network, run

    return partial(run, network(files["weights"]))


CONTENDER = Contender("PyTorch eager", start, order=0, reference=True)
