"""pliant with the engine and the precision that are quickest."""

from __future__ import annotations

from benchmarks.contest.peers._pliant import contender

CONTENDER = contender("pliant, precision fast", order=13, precision="fast")
