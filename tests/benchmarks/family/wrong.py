"""Three grey levels off in one pixel."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.contest.base import Array, Contender, Run

from tests.benchmarks.family import repeated


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    right = repeated.start(files)

    def run(image: Array) -> Array:
        result = right(image)
        result[0, 1, 5, 7] += 3 / 255
        return result

    return run


CONTENDER = Contender("wrong", start, order=1, mine=True)
