"""Ways to run the checkpoint realesr-animevideov3 on a picture, one file each: uint8 [h, w, 3] to four times the sides.

Each file declares `CONTENDER`; see `benchmarks.contest.base`.
"""
