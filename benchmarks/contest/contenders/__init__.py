"""Ways to run the tutorial's network, one file each: float32 [1, 3, h, w] in [0, 1] to four times the sides.

Each file declares `CONTENDER`; see `benchmarks.contest.base`.
"""
