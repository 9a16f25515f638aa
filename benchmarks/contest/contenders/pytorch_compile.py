"""`torch.compile`, which needs a C++ compiler."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import partial

from benchmarks.contest.base import Contender, Run, UnavailableError


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    import torch
    from benchmarks.contest.contenders._srcnn import network, run

    if not any(shutil.which(name) for name in ("g++", "clang++", "cl")):
        raise UnavailableError("torch.compile needs a C++ compiler, and none is here: apt-get install g++")
    return partial(run, torch.compile(network(files["weights"])))


CONTENDER = Contender("torch.compile", start, order=1)
