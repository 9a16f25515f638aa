from __future__ import annotations

import struct

import numpy as np
import pytest

from pliant.media.video.turn import Turn, turn_of

ONE = 1 << 16
PICTURE = np.arange(6).reshape(2, 3, 1)  # rows 0 1 2 and 3 4 5


def matrix(a: int, b: int, c: int, d: int) -> bytes:
    return struct.pack("=9i", a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((1, 0, 0, 1), [[0, 1, 2], [3, 4, 5]]),
        ((-1, 0, 0, -1), [[5, 4, 3], [2, 1, 0]]),
        ((-1, 0, 0, 1), [[2, 1, 0], [5, 4, 3]]),
        ((1, 0, 0, -1), [[3, 4, 5], [0, 1, 2]]),
        ((0, 1, -1, 0), [[3, 0], [4, 1], [5, 2]]),  # clockwise, as telephones are held
        ((0, -1, 1, 0), [[2, 5], [1, 4], [0, 3]]),
        ((0, 1, 1, 0), [[0, 3], [1, 4], [2, 5]]),
    ],
)
def test_all_quarter_turns(numbers: tuple[int, int, int, int], expected: list[list[int]]) -> None:
    turn = turn_of(matrix(*numbers))
    assert turn is not None
    assert turn(PICTURE)[..., 0].tolist() == expected
    assert turn.size(3, 2) == (len(expected[0]), len(expected))


def test_other_angles_are_none() -> None:
    assert turn_of(matrix(1, 1, -1, 1)) is None
    assert turn_of(b"") is None
    assert Turn()(PICTURE) is not None
