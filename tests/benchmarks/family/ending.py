"""Its process ends when it runs, as one does that an engine tears down."""

from __future__ import annotations

import os
from collections.abc import Mapping

from benchmarks.contest.base import Array, Contender, Run


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    del files

    def run(image: Array) -> Array:
        os._exit(image.ndim)

    return run


CONTENDER = Contender("ending", start, order=3)
