"""Reading the finished file back: what is not as in the source is said, and missing frames are an error."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from pliant.errors import VideoError
from pliant.media.video.assemble import fresh
from pliant.media.video.containers import Container
from pliant.media.video.encoder import Settings
from pliant.media.video.segments import Segment
from pliant.media.video.source import Facts, opened, video_stream


def checked(
    path: Path, container: Container, facts: Facts, settings: Settings, segments: Sequence[Segment], kept: Sequence[int]
) -> tuple[str, ...]:
    """Sentences about what the file at `path` does not have of the source. Raises VideoError if frames are missing."""
    with opened(facts.path) as source, opened(path) as result:
        return (
            *_times(result, container, settings, segments),
            *_video(result, container, settings),
            *_tags(source, result, container, facts, kept),
        )


def _times(result: Any, container: Container, settings: Settings, segments: Sequence[Segment]) -> list[str]:
    stream = video_stream(result)
    found = sorted(p.pts * stream.time_base for p in result.demux(stream) if p.size and p.pts is not None)
    wanted = [m.pts * settings.time_base for segment in segments for m in segment.moments]
    if len(found) != len(wanted):
        raise VideoError(
            f"{container.title} kept {len(found)} of {len(wanted)} frames; write a .mkv, which holds every time."
        )
    shift = found[0] - wanted[0]
    largest = max(abs(a - b - shift) for a, b in zip(found, wanted, strict=True))
    notes: list[str] = []
    if abs(shift) > Fraction(1, 1000):
        notes.append(f"{container.title} moved the beginning by {float(shift) * 1000:+.0f} ms, sound included.")
    if largest > 0:
        notes.append(f"{container.title} rounded the times of frames, by up to {float(largest) * 1000:.2g} ms.")
    return notes


def _video(result: Any, container: Container, settings: Settings) -> list[str]:
    stream = video_stream(result)
    context, colours = stream.codec_context, settings.colours
    pairs = {
        "colour matrix": (int(context.colorspace), colours.matrix),
        "colour range": (int(context.color_range), colours.range),
        "colour primaries": (int(context.color_primaries), colours.primaries),
        "transfer characteristics": (int(context.color_trc), colours.transfer),
    }
    lost = [name for name, (found, wanted) in pairs.items() if wanted not in (0, 2, found)]
    if settings.aspect not in (None, 1) and stream.sample_aspect_ratio != settings.aspect:
        lost.append(f"shape of a pixel ({settings.aspect})")
    return [f"{container.title} with this codec does not say the {' and the '.join(lost)}."] if lost else []


def _tags(source: Any, result: Any, container: Container, facts: Facts, kept: Sequence[int]) -> Generator[str]:
    lost = _missing(source.metadata, result.metadata)
    originals = [s for s in source.streams if s.index == facts.index or s.index in kept]
    written = [s for s in result.streams if s.type != "data"]  # a track of time codes is made from a tag
    if len(originals) != len(written):
        yield f"{container.title} kept {len(written)} of {len(originals)} streams; a .mkv may hold them all."
    else:
        for before, after in zip(originals, written, strict=True):
            lost |= _missing(before.metadata, after.metadata)
            if before.disposition & ~after.disposition:
                lost.add(f"the role of stream {before.index} ({str(before.disposition).removeprefix('Disposition.')})")
    if lost:
        yield f"{container.title} does not hold these tags: {', '.join(sorted(lost))}."
    if len(source.chapters()) != len(result.chapters()):
        yield f"{container.title} kept {len(result.chapters())} of {len(source.chapters())} chapters."


def _missing(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Names of tags that are gone. Containers spell names in capitals or not, and write some of their own."""
    written = {key.lower(): value for key, value in after.items()}
    own = ("creation_time", "handler_name", "vendor_id")
    return {key for key, value in fresh(before).items() if key.lower() not in own and written.get(key.lower()) != value}
