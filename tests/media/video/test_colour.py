from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pliant.media.video.colour import FULL, LIMITED, Colours, Conversion, for_result, unknown_matrix
from tests.videos import av

WEIGHTS = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}  # of red and blue in luma, by ITU-R
SHADES = [(16, 128, 128, 255), (235, 128, 128, 255), (90, 110, 160, 100), (180, 140, 100, 7)]  # of 8 bits


def filled(name: str, values: list[int]) -> Any:
    """A frame of one colour."""
    frame = av.VideoFrame(48, 32, name)
    kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
    for plane, value in zip(frame.planes, values, strict=False):
        plane.update(np.full(plane.buffer_size // kind().itemsize, value, kind).tobytes())
    return frame


def first(frame: Any, planes: int) -> list[int]:
    """The first value of each plane."""
    kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
    return [int(np.frombuffer(plane, kind)[0]) for plane in frame.planes[:planes]]


@pytest.mark.parametrize("name", ["yuv420p", "yuv420p10le", "yuv422p10le", "yuv444p12le", "yuva444p10le"])
@pytest.mark.parametrize("matrix", [1, 5, 9])
@pytest.mark.parametrize("limits", [LIMITED, FULL])
def test_there_and_back_changes_nothing(name: str, matrix: int, limits: int) -> None:
    """At most one level of the format, for every matrix, range and depth."""
    bits, alpha = av.VideoFormat(name, 16, 16).components[0].bits, name.startswith("yuva")
    conversion = Conversion((matrix, limits), (matrix, limits), bits > 8, alpha)
    for shade in SHADES:
        values = [value << (bits - 8) for value in shade]
        levels = conversion.to_levels(filled(name, values))
        found = first(conversion.to_frame(levels, name), 3 + alpha)
        assert max(abs(a - b) for a, b in zip(found, values, strict=False)) <= 1


@pytest.mark.parametrize("name", ["yuv420p", "yuv420p10le", "yuv444p12le"])
@pytest.mark.parametrize("matrix", [1, 5, 9])
@pytest.mark.parametrize("limits", [LIMITED, FULL])
def test_levels_are_those_of_the_standard(name: str, matrix: int, limits: int) -> None:
    bits = av.VideoFormat(name, 16, 16).components[0].bits
    y, u, v = 90 << (bits - 8), 110 << (bits - 8), 160 << (bits - 8)
    levels = Conversion((matrix, limits), (matrix, limits), bits > 8, False).to_levels(filled(name, [y, u, v]))
    middle, top, one = 128 << (bits - 8), (1 << bits) - 1, 1 << (bits - 8)
    luma = (y / one - 16) / 219 if limits == LIMITED else y / top
    span = 224 * one if limits == LIMITED else top
    red, blue = WEIGHTS[matrix]
    r = luma + 2 * (1 - red) * (v - middle) / span
    b = luma + 2 * (1 - blue) * (u - middle) / span
    expected = [r, (luma - red * r - blue * b) / (1 - red - blue), b]
    assert np.abs(levels[9, 9] / np.iinfo(levels.dtype).max - expected).max() < 0.003


def test_white_is_white() -> None:
    for limits, white in ((LIMITED, 940), (FULL, 1023)):
        levels = Conversion((9, limits), (9, limits), True, False).to_levels(filled("yuv420p10le", [white, 512, 512]))
        assert (levels == 65535).all()


def test_an_untagged_video_that_grows_is_marked() -> None:
    marked, notes = for_result(Colours(), 288, 1152)
    assert (marked.matrix, len(notes)) == (6, 1)
    assert for_result(Colours(), 576, 1152)[0].matrix == 5
    assert for_result(Colours(), 720, 360)[0].matrix == 1
    for same in ((288, 576), (720, 1440)):
        assert for_result(Colours(), *same) == (Colours(), ())
    assert for_result(Colours(9), 288, 1152) == (Colours(9), ())


def test_what_players_assume() -> None:
    assert Colours().applied(480) == (5, LIMITED)
    assert Colours().applied(1080) == (1, LIMITED)
    assert Colours(10, FULL).applied(480) == (9, FULL)
    assert unknown_matrix(Colours(14)).startswith("The colour matrix 14 is computed as BT.709")
    assert not unknown_matrix(Colours(9))
