"""The finished file: packets of all segments and of the other streams of the source, without encoding again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from heapq import merge
from itertools import pairwise
from pathlib import Path
from typing import Any

from pliant.errors import VideoError
from pliant.media.video.codecs import quiet
from pliant.media.video.containers import Container, add_copy
from pliant.media.video.encoder import Settings, configure
from pliant.media.video.library import library
from pliant.media.video.segments import Segment
from pliant.media.video.source import Facts, opened

# tags that describe the bytes of the old stream or file, not what is in it
STALE = ("encoder", "major_brand", "minor_version", "compatible_brands", "rotate", "alpha_mode", "duration")
STALE_BEGINNINGS = ("bps", "number_of_", "_statistics_")


def fresh(tags: dict[str, str]) -> dict[str, str]:
    """The tags without those that describe how the old stream was written."""
    return {
        key: value
        for key, value in tags.items()
        if key.lower() not in STALE and not key.lower().startswith(STALE_BEGINNINGS)
    }


def assemble(
    path: Path, container: Container, facts: Facts, settings: Settings, segments: Sequence[Segment], kept: Sequence[int]
) -> None:
    """Write the file to `path`: the video in `segments`, and the streams of the source whose indices are `kept`.

    Streams keep their order, tags and dispositions, chapters and tags of the file stay. Raises VideoError.
    """
    av = library()
    try:
        with (
            quiet(),
            opened(facts.path) as source,
            av.open(str(path), "w", format=container.format) as output,
        ):
            _write(source, output, facts, settings, segments, kept)
    except (av.FFmpegError, ValueError, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error).rstrip(".")
        raise VideoError(
            f"The result cannot be written as {container.title} ({reason}). The frames are kept: free some space, "
            "or give a .mkv of the same name, and call again."
        ) from error


def _write(
    source: Any, output: Any, facts: Facts, settings: Settings, segments: Sequence[Segment], kept: Sequence[int]
) -> None:
    copies: dict[int, Any] = {}
    video: Any = None
    for stream in source.streams:
        if stream.index == facts.index:
            video = _video(output, stream, settings)
        elif stream.index in kept:
            copies[stream.index] = add_copy(output, stream)
    output.metadata.update(fresh(source.metadata))
    if chapters := source.chapters():
        output.set_chapters(chapters)
    output.start_encoding()
    if any(segment.extradata != bytes(video.codec_context.extradata or b"") for segment in segments):
        raise VideoError("The segments were encoded in another way than the encoder works now; delete them.")
    coded = ((_seconds(packet), packet) for packet in _video_packets(segments, settings.time_base, video))
    copied = ((_seconds(packet), packet) for packet in _copied_packets(source, copies))
    for _, packet in merge(coded, copied, key=lambda pair: pair[0]):
        output.mux(packet)


def _video(output: Any, template: Any, settings: Settings) -> Any:
    """The stream of the encoder that made the segments; it is given no frame, but it knows what stands before them."""
    stream = output.add_stream(settings.encoder, rate=settings.rate, time_base=settings.time_base)
    configure(stream.codec_context, settings)
    stream.metadata.update(fresh(template.metadata))
    stream.disposition = int(template.disposition)
    return stream


def decoding_times(shown: Sequence[int]) -> list[int]:
    """Times of decoding for packets whose frames are shown at `shown`: each later than the one before, none too late.

    They are the sorted times of showing, as many frames earlier as the order of coding asks for.
    """
    ordered = sorted(shown)
    place = {pts: k for k, pts in enumerate(ordered)}
    delay = max((k - place[pts] for k, pts in enumerate(shown)), default=0)
    before = [ordered[k] - (ordered[delay] - ordered[0]) for k in range(delay)]
    return [*before, *ordered[: len(ordered) - delay]]


def durations(segments: Sequence[Segment]) -> dict[int, int]:
    """How long the frame at each time is shown: as the source says, or until the next."""
    moments = [moment for segment in segments for moment in segment.moments]
    following = [b.pts - a.pts for a, b in pairwise(moments)]
    last = moments[-1].duration or (following[-1] if following else 0)
    return {m.pts: m.duration or gap for m, gap in zip(moments, [*following, last], strict=True)}


def _video_packets(segments: Sequence[Segment], time_base: Fraction, stream: Any) -> Iterator[Any]:
    av = library()
    times = iter(decoding_times([pts for segment in segments for pts, _, _ in segment.packets]))
    lengths = durations(segments)
    for segment in segments:
        for coded in segment.read():
            packet = av.Packet(coded.data)
            packet.stream, packet.time_base = stream, time_base
            packet.pts, packet.dts, packet.duration = coded.pts, next(times), lengths[coded.pts]
            packet.is_keyframe = coded.key
            yield packet


def _copied_packets(source: Any, copies: dict[int, Any]) -> Iterator[Any]:
    if not copies:
        return
    wanted = [stream for stream in source.streams if stream.index in copies and stream.type != "attachment"]
    if not wanted:
        return
    cover = library().stream.Disposition.attached_pic  # such a stream is one packet without a time
    covers = [stream.index for stream in wanted if stream.disposition & cover]
    try:
        for packet in source.demux(*wanted):
            if packet.size and packet.dts is None and packet.stream.index in covers:
                packet.pts = packet.dts = 0
            if packet.size and packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                yield packet
    except library().FFmpegError:  # the file ends in the middle of something, which is noted with the frames
        return


def _seconds(packet: Any) -> float:
    return float(packet.dts * packet.time_base)
