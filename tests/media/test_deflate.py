"""Blocks that several threads compress make one zlib stream."""

from __future__ import annotations

import os
import zlib

import numpy as np
import pytest

from pliant.media.deflate import Deflater, combined

RANDOM = np.random.default_rng(0)


def stream(blocks: list[bytes]) -> bytes:
    parts = list[bytes]()
    deflater = Deflater(parts.append)
    for block in blocks:
        deflater.write(lambda block=block: block)
    deflater.close()
    return b"".join(parts)


@pytest.mark.parametrize("lengths", [[], [0], [1], [70_000], [5, 0, 100_000, 3], [4096] * 40])
def test_blocks_of_any_length_are_read_as_one(lengths: list[int]) -> None:
    blocks = [RANDOM.integers(0, 9, length, np.uint8).tobytes() for length in lengths]
    assert zlib.decompress(stream(blocks)) == b"".join(blocks)  # which checks the checksum too


def test_the_bytes_do_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [RANDOM.integers(0, 9, 30_000, np.uint8).tobytes() for _ in range(20)]
    many = stream(blocks)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert stream(blocks) == many


@pytest.mark.parametrize("fill", [0, 255, None])
def test_checksums_of_pieces_make_that_of_the_whole(fill: int | None) -> None:
    first, second = (
        bytes([fill]) * n if fill is not None else RANDOM.integers(0, 256, n, np.uint8).tobytes()
        for n in (65_521 * 3 + 7, 130_001)
    )
    made = combined(zlib.adler32(first), zlib.adler32(second), len(second))
    assert made == zlib.adler32(first + second)


def test_what_a_block_raises_is_raised_to_the_writer() -> None:
    def fails() -> bytes:
        raise MemoryError("no room")

    deflater = Deflater(lambda data: None)
    deflater.write(fails)
    with pytest.raises(MemoryError, match="no room"):
        deflater.close()
