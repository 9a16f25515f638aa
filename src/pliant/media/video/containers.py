"""The kinds of file that a video is written to, and which streams of a source each can hold."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from pliant.errors import UsageError, VideoError
from pliant.media.video.codecs import CODECS, Codec, by_name, encoder_of, of_source
from pliant.media.video.library import library
from pliant.media.video.source import Facts


@dataclass(frozen=True)
class Container:
    """`format` is av's name, `suffixes` begins with the usual one, `reads` is in av's name of what it reads."""

    title: str
    format: str
    suffixes: tuple[str, ...]
    reads: str

    @property
    def global_header(self) -> bool:
        """Whether parameters of a codec stand before the packets."""
        av = library()
        return bool(av.ContainerFormat(self.format, "w").flags & av.format.Flags.global_header.value)


CONTAINERS = (
    Container("Matroska", "matroska", (".mkv",), "matroska"),
    Container("MP4", "mp4", (".mp4", ".m4v"), "mp4"),
    Container("QuickTime", "mov", (".mov",), "mov"),
    Container("WebM", "webm", (".webm",), "webm"),
    Container("MPEG-TS", "mpegts", (".ts",), "mpegts"),
)
SEARCHED = 2000  # packets in which the first of each stream is looked for
IN_TS = (
    "aac",
    "aac_latm",
    "mp2",
    "mp3",
    "mp3float",
    "ac3",
    "eac3",
    "dca",
    "opus",
    "libopus",
    "truehd",
    "dvbsub",
    "pgssub",
)


def choose(facts: Facts, destination: Path | None, label: str) -> tuple[Path, Container]:
    """Where the result goes and in what kind of file; the source's own kind, or Matroska, if nothing says.

    Raises VideoError if the destination is the source, its folder does not exist, or its suffix is unknown.
    """
    if destination is None or destination.is_dir():
        found = _by_suffix(facts.path.suffix) or CONTAINERS[0]
        if found.reads not in facts.container.split(","):  # a suffix that lies, or a format that is only read
            found = next((c for c in CONTAINERS if c.reads in facts.container.split(",")), CONTAINERS[0])
        suffix = facts.path.suffix if facts.path.suffix.lower() in found.suffixes else found.suffixes[0]
        path = (destination or facts.path.parent) / f"{facts.path.stem}_{label}{suffix}"
    else:
        path, found = destination, _by_suffix(destination.suffix)
        if found is None:
            known = ", ".join(suffix for c in CONTAINERS for suffix in c.suffixes)
            fault = f"ends in {path.suffix!r}, which is not written" if path.suffix else "has no suffix"
            raise VideoError(f"{path.name} {fault}; use one of {known}.")
    if not path.parent.is_dir():
        raise VideoError(f"There is no folder {path.parent}; create it or choose another destination.")
    if path.is_dir():
        raise VideoError(f"{path} is a folder; give the path of the video to write.")
    if path.exists() and path.samefile(facts.path):
        raise VideoError(f"{path} is the source itself, which is never overwritten; choose another destination.")
    return path, found


def choose_codec(facts: Facts, container: Container, asked: str | None) -> tuple[Codec, tuple[str, ...]]:
    """The codec of the result: what was asked for, or the source's, or one that the container holds; and notes.

    Raises UsageError if what was asked for is unknown or does not go into the container.
    """
    if asked is not None:
        codec = by_name(asked)
        if not _holds(container, codec):
            raise UsageError(f"{container.title} does not hold {codec.title}; write a .mkv, or choose another --codec.")
        return codec, ()
    own = of_source(facts.codec)
    if own is not None and _holds(container, own):
        return own, ()
    codec = next((c for c in CODECS if encoder_of(c) and _holds(container, c)), None)
    if codec is None:
        raise UsageError(f"The installed package av has no encoder for {container.title}; write a .mkv.")
    why = f"does not go into {container.title}" if own is not None else "is not written by pliant"
    return codec, (f"The codec of the source, {facts.codec}, {why}; the result is {codec.title}.",)


def carried(source: Any, main: int, container: Container) -> tuple[list[int], tuple[str, ...]]:
    """The indices of the streams beside the main one that go into the container, and notes on those that do not."""
    kept: list[int] = []
    notes: list[str] = []
    samples = _samples(source, main)
    for stream in source.streams:
        if stream.index == main:
            continue
        if stream.type == "data" and "timecode" in source.streams[main].metadata and container.format in ("mov", "mp4"):
            continue  # written again from the tag
        if stream.type == "data":
            notes.append(f"Stream {stream.index}, data ({stream.name or 'of an unknown kind'}), is not copied.")
        elif _takes(container, stream, samples.get(stream.index)):
            kept.append(stream.index)
        else:
            better = "" if container.format == "matroska" else "; a .mkv may"
            notes.append(f"{container.title} cannot hold {_named(stream)}, which was left out{better}.")
    return kept, tuple(notes)


def _by_suffix(suffix: str) -> Container | None:
    return next((c for c in CONTAINERS if suffix.lower() in c.suffixes), None)


def _holds(container: Container, codec: Codec) -> bool:
    """Whether a file with this codec can be begun."""
    av = library()
    output = av.open(BytesIO(), "w", format=container.format)
    try:
        output.add_stream(encoder_of(codec), rate=25)
    except (av.FFmpegError, ValueError):
        return False
    return True


def _samples(source: Any, main: int) -> dict[int, Any]:
    """The first packet of each other stream, by its index, as far as it stands near the beginning."""
    wanted = [s for s in source.streams if s.index != main and s.type in ("audio", "subtitle", "video")]
    found: dict[int, Any] = {}
    if not wanted:
        return found
    try:
        for packet in islice(source.demux(*wanted), SEARCHED):
            if packet.size and packet.dts is not None:
                found.setdefault(packet.stream.index, packet)
            if len(found) == len(wanted):
                break
    except library().FFmpegError:
        pass
    return found


def _takes(container: Container, stream: Any, sample: Any) -> bool:
    """Whether a file with this stream, and the sample of it if there is one, can be written."""
    av = library()
    if container.format == "mpegts" and (stream.codec_context is None or stream.codec_context.name not in IN_TS):
        return False  # it would be written as private data, which nothing reads
    try:
        with av.open(BytesIO(), "w", format=container.format) as output:
            made = add_copy(output, stream)
            output.start_encoding()
            if sample is not None:
                sample.stream = made
                output.mux(sample)
    except (av.FFmpegError, ValueError):
        return False
    return True


def add_copy(output: Any, stream: Any) -> Any:
    """A stream of `output` for packets that are copied from `stream`, with its tags."""
    made = (
        output.add_stream_from_template(stream, opaque=True)
        if stream.codec_context is not None
        else output.add_stream_from_template(stream)
    )
    made.metadata.update(stream.metadata)
    made.disposition = int(stream.disposition)
    return made


def _named(stream: Any) -> str:
    if stream.type == "attachment":
        return f"the attachment {stream.metadata.get('filename', stream.index)}"
    codec = stream.codec_context.name if stream.codec_context is not None else "of an unknown codec"
    language = f", {stream.metadata['language']}" if "language" in stream.metadata else ""
    return f"stream {stream.index} ({stream.type}, {codec}{language})"
