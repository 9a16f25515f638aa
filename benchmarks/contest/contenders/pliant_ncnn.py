"""pliant on ncnn."""

from __future__ import annotations

from benchmarks.contest.contenders._pliant import contender

CONTENDER = contender("pliant, ncnn", order=13, engine="ncnn", memory=5000)
