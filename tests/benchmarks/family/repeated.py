"""Every pixel sixteen times."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.contest.base import FACTOR, Array, Contender, Run


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    del files

    def run(image: Array) -> Array:
        return image.repeat(FACTOR, axis=2).repeat(FACTOR, axis=3)

    return run


CONTENDER = Contender("repeated", start, order=0, reference=True)
