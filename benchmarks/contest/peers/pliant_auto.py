"""pliant with the engine that it chooses."""

from __future__ import annotations

from benchmarks.contest.peers._pliant import contender

CONTENDER = contender("pliant", order=10)
