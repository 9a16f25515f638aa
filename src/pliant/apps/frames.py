"""Every frame of a video through the network, while other threads decode what follows and encode what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from numpy.typing import NDArray

from pliant.imaging.upscaling import Work
from pliant.media.strips import whole
from pliant.media.video.colour import FULL, Conversion
from pliant.media.video.encoder import Settings
from pliant.media.video.encoding import Encoding
from pliant.media.video.frames import Frames, Moment
from pliant.media.video.overlap import ahead, behind
from pliant.media.video.pixels import kind_of
from pliant.media.video.segments import Folder, Segment
from pliant.media.video.source import Facts

Levels = NDArray[Any]


def upscaled(
    facts: Facts,
    settings: Settings,
    work: Work,
    folder: Folder,
    finished: list[Segment],
    length: int,
    advance: Callable[[float], None],
) -> tuple[list[Segment], tuple[str, ...]]:
    """All segments of the result, those in `finished` among them, and notes.

    `advance` is called with the share of the frames that is done. Frames of finished segments are decoded and passed
    over: that takes little beside the network, and is exact for every kind of video.
    """
    done = sum(len(segment.moments) for segment in finished)
    total = max(facts.frames or 0, 1)
    frames = Frames(facts)
    inwards, outwards = _conversions(facts, settings)
    encoding = Encoding(folder, settings, outwards, length, list(finished))
    try:
        with behind(encoding) as encode, ahead(_levels(frames, done, inwards)) as decoded:
            for levels, moment in decoded:
                work.tell = lambda share, before=done: advance(min(1.0, (before + share) / total))
                encode((whole(work.strips(levels, kept=True)), moment))
                done += 1
                if facts.frames:
                    advance(min(1.0, done / total))
        encoding.finish()
    finally:
        encoding.abandon()
    return encoding.segments, (*frames.notes, *work.notes)


def _levels(frames: Frames, passed_over: int, conversion: Conversion) -> Iterator[tuple[Levels, Moment]]:
    """Upright levels of each frame from a certain one on."""
    for number, (frame, moment) in enumerate(frames):
        if number >= passed_over:
            yield frames.facts.turn(conversion.to_levels(frame)), moment


def _conversions(facts: Facts, settings: Settings) -> tuple[Conversion, Conversion]:
    """From the frames of the source to levels, and from levels to those of the result."""
    kind = kind_of(settings.pixel_format)
    before = facts.colours.applied(facts.size[1])
    after = settings.colours.applied(settings.size[1])
    if facts.kind.grey and kind.grey:  # the scaler takes grey as full range; there and back that cancels out
        before, after = (before[0], FULL), (after[0], FULL)
    deep, alpha = facts.kind.bits > 8, facts.kind.alpha and kind.alpha
    return Conversion(before, after, deep, alpha), Conversion(before, after, deep, alpha)
