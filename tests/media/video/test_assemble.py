from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pliant.media.video.assemble import decoding_times, durations, fresh
from pliant.media.video.frames import Moment
from pliant.media.video.segments import Segment


@given(st.lists(st.integers(-100, 100_000), unique=True, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_decoding_times_rise_and_are_never_too_late(shown: list[int], random: object) -> None:
    """For any order of coding."""
    found = decoding_times(shown)
    assert len(found) == len(shown)
    assert all(a < b for a, b in pairwise(found))
    assert all(d <= p for d, p in zip(found, shown, strict=True))


def test_decoding_times_without_reordering_are_those_of_showing() -> None:
    assert decoding_times([3, 5, 10]) == [3, 5, 10]


def test_a_frame_that_does_not_say_how_long_lasts_until_the_next() -> None:
    segments = [
        Segment(Path("0"), b"", (Moment(0, 0), Moment(40, 10)), ()),
        Segment(Path("1"), b"", (Moment(90, 0), Moment(100, 0)), ()),
    ]
    assert durations(segments) == {0: 40, 40: 10, 90: 10, 100: 10}


def test_tags_of_the_old_stream_are_not_those_of_the_new() -> None:
    tags = {"title": "A", "ENCODER": "x", "BPS-eng": "1", "NUMBER_OF_FRAMES": "3", "DURATION": "1", "language": "deu"}
    assert fresh(tags) == {"title": "A", "language": "deu"}
