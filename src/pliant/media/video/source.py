"""What a video file holds, found without decoding more than its first frame. Faults are a `VideoError`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from pliant.errors import VideoError
from pliant.media.video.colour import FULL, LIMITED, Colours, unknown_matrix
from pliant.media.video.hdr import side_data
from pliant.media.video.library import library
from pliant.media.video.pixels import Kind, kind_of
from pliant.media.video.turn import Turn, turn_of

USUAL_RATE = Fraction(25)  # frames a second, where the file does not tell
PICTURES = ("image2", "png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe", "gif_pipe", "svg_pipe", "tiff_pipe")


@dataclass(frozen=True)
class Facts:
    """What is known of the video stream `index` of a file before its frames are read.

    `size` is (width, height) of upright frames, `stored` of those in the file, `turn` makes one of the other. `frames`
    is how many there are, perhaps estimated; None if nothing tells. `container` is av's name of the format.
    """

    path: Path
    index: int
    container: str
    codec: str
    stored: tuple[int, int]
    size: tuple[int, int]
    turn: Turn
    kind: Kind
    colours: Colours
    rate: Fraction
    time_base: Fraction
    aspect: Fraction | None
    frames: int | None
    seconds: float | None
    extras: dict[str, bytes]
    notes: tuple[str, ...]


@contextmanager
def opened(path: Path) -> Generator[Any, None, None]:
    """The file, open for reading. Raises VideoError if it is no video."""
    _check_file(path)
    av = library()
    try:
        container = av.open(str(path), metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise VideoError(
            f"{path} is not a video that can be read, or it is damaged or cut off ({_reason(error)}); get another copy."
        ) from error
    with container:
        yield container


def video_stream(container: Any) -> Any:
    """The first stream of frames; a cover picture is none. None if there is none."""
    av = library()
    cover = av.stream.Disposition.attached_pic
    return next((s for s in container.streams.video if not s.disposition & cover), None)


def probe(path: Path) -> Facts:
    """Raises VideoError if the file has no video, or nothing of it can be decoded."""
    with opened(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise VideoError(f"{path} has no video stream; give a file with one.")
        if container.format.name.split(",")[0] in PICTURES or container.format.name.endswith("_pipe"):
            raise VideoError(f"{path} is a picture, not a video; use: pliant upscale {path.name}.")
        if stream.codec_context is None:
            raise VideoError(f"{path} holds a video that this package av cannot decode; convert it first.")
        return _facts(path, container, stream, _first_frame(path, container, stream))


def _first_frame(path: Path, container: Any, stream: Any) -> Any:
    av = library()
    try:
        for packet in container.demux(stream):
            try:
                for frame in packet.decode():
                    return frame
            except av.FFmpegError:  # noqa: PERF203 - the next packet may be whole
                continue
    except av.FFmpegError:
        pass
    raise VideoError(f"No frame of {path} can be decoded; it is damaged, or not a video. Get another copy of it.")


def _facts(path: Path, container: Any, stream: Any, frame: Any) -> Facts:
    extras = side_data(frame)
    turn = turn_of(extras["DISPLAYMATRIX"]) if "DISPLAYMATRIX" in extras else Turn()
    kind = kind_of(frame.format.name)
    colours = _colours(frame, kind)
    turned = turn or Turn()
    aspect = stream.sample_aspect_ratio
    if aspect and turned.swap:
        aspect = 1 / aspect
    rate = stream.average_rate or stream.guessed_rate or USUAL_RATE
    seconds = _seconds(container, stream)
    return Facts(
        path=path,
        index=stream.index,
        container=container.format.name,
        codec=stream.codec_context.codec.canonical_name,
        stored=(frame.width, frame.height),
        size=turned.size(frame.width, frame.height),
        turn=turned,
        kind=kind,
        colours=colours,
        rate=rate,
        time_base=stream.time_base,
        aspect=aspect or None,
        frames=stream.frames or (round(seconds * rate) if seconds else None),
        seconds=seconds,
        extras=extras,
        notes=tuple(_notes(turn, frame, stream, colours)),
    )


def _colours(frame: Any, kind: Kind) -> Colours:
    matrix, limits = int(frame.colorspace), int(frame.color_range)
    if kind.name.startswith("yuvj"):
        limits = FULL
    if kind.rgb:
        matrix, limits = 0, FULL
    return Colours(matrix, limits, int(frame.color_primaries), int(frame.color_trc))


def _seconds(container: Any, stream: Any) -> float | None:
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / library().time_base if container.duration else None


def _notes(turn: Turn | None, frame: Any, stream: Any, colours: Colours) -> Generator[str, None, None]:
    if turn is None:
        yield "The video says to turn it by an angle that is no quarter turn, which was not done."
    elif turn != Turn():
        yield "The video is stored turned or mirrored; the result is stored upright."
    if frame.interlaced_frame:
        yield "The video is interlaced; both fields were upscaled together. Deinterlace it first for a better result."
    if (matrix := unknown_matrix(colours)) and colours.range in (0, LIMITED, FULL):
        yield matrix
    if stream.metadata.get("alpha_mode") == "1":
        yield "The transparency of VP8 and VP9 is not read; the result is opaque."


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise VideoError(f"{path} is a folder; give the path of a video.")
    if not path.exists():
        raise VideoError(f"There is no file {path}; give the path of a video.")
    if not path.is_file():
        raise VideoError(f"{path} is not a regular file; give the path of a video.")
    if path.stat().st_size == 0:
        raise VideoError(f"{path} is empty (0 bytes); get another copy of it.")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).rstrip(".")
