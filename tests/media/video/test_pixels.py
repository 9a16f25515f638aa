from __future__ import annotations

import pytest

from pliant.media.video.pixels import kind_of, lost, nearest
from tests.videos import av

X264 = [kind.name for kind in av.Codec("libx264", "w").video_formats]
FFV1 = [kind.name for kind in av.Codec("ffv1", "w").video_formats]


@pytest.mark.parametrize(
    ("source", "formats", "expected", "notes"),
    [
        ("yuv420p", X264, "yuv420p", 0),
        ("yuvj420p", X264, "yuv420p", 0),
        ("nv12", X264, "yuv420p", 0),
        ("yuv420p10le", X264, "yuv420p10le", 0),
        ("yuv422p12le", X264, "yuv422p10le", 1),
        ("gray10le", X264, "gray10le", 0),
        ("rgb24", X264, "yuv444p", 1),
        ("pal8", X264, "yuv444p", 1),
        ("yuva420p", X264, "yuv420p", 1),
        ("yuv440p", X264, "yuv444p", 0),
        ("yuva444p10le", FFV1, "yuva444p10le", 0),
        ("gbrp12le", FFV1, "gbrp12le", 0),
        ("yuv411p", FFV1, "yuv411p", 0),
        ("yuv420p10le", ["yuv422p10le", "yuv444p10le"], "yuv422p10le", 0),
        ("yuv420p10le", ["yuv420p"], "yuv420p", 1),
    ],
)
def test_the_nearest_format(source: str, formats: list[str], expected: str, notes: int) -> None:
    wanted = kind_of(source)
    found = nearest(wanted, formats)
    assert found.name == expected
    assert len(lost(wanted, found, "H.264")) == notes


def test_kinds_in_words() -> None:
    assert kind_of("yuv420p10le").text() == "10-bit 4:2:0"
    assert kind_of("yuva444p12le").text() == "12-bit 4:4:4 with transparency"
    assert kind_of("gray").text() == "8-bit grey"
    assert kind_of("rgb24").text() == "8-bit RGB"
