"""pliant with the engine and the precision that are quickest."""

from __future__ import annotations

from benchmarks.contest.contenders._pliant import contender

CONTENDER = contender("pliant, precision fast", order=15, precision="fast")
