"""Would need more memory than any machine has."""

from __future__ import annotations

from benchmarks.contest.base import Contender

from tests.benchmarks.family import repeated

CONTENDER = Contender("greedy", repeated.start, order=4, memory=10**18)
