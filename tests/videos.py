"""Small videos made on the spot, and what is in a video, read with av and with ffprobe."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

av: Any = pytest.importorskip("av", reason="the package av, of the extra video, is not installed")

LIMITED, FULL = 1, 2
UNEVEN = tuple(23 + k * 40 + k % 3 * 7 for k in range(20))  # milliseconds


@dataclass
class Clip:
    """A video to make. `times` are in `time_base`."""

    codec: str = "libx265"
    pixel_format: str = "yuv420p10le"
    size: tuple[int, int] = (48, 32)
    times: tuple[int, ...] = UNEVEN
    time_base: Fraction = Fraction(1, 1000)
    rate: Fraction = Fraction(25)
    colours: tuple[int, int, int, int] = (9, LIMITED, 9, 16)  # matrix, range, primaries, transfer: BT.2020, PQ
    aspect: Fraction | None = None
    options: dict[str, str] = field(default_factory=dict)
    extras: bool = True  # two audio tracks, subtitles, an attachment, chapters, tags


def make(path: Path, clip: Clip) -> Path:
    """Write the clip: a bright square that walks over a gradient."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(clip.codec, rate=clip.rate, time_base=clip.time_base)
        context = stream.codec_context
        context.width, context.height = clip.size
        context.pix_fmt = clip.pixel_format
        context.colorspace, context.color_range, context.color_primaries, context.color_trc = clip.colours
        if clip.aspect:
            context.sample_aspect_ratio = clip.aspect
        quiet = {"x265-params": "log-level=none:no-asm=1"} if clip.codec == "libx265" else {}
        context.options = {**quiet, **clip.options}
        sides = _sides(output) if clip.extras else []
        output.start_encoding()
        for side in sides:
            output.mux(side)
        for k, pts in enumerate(clip.times):
            frame = _frame(clip, k)
            frame.pts, frame.time_base = pts, clip.time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def _frame(clip: Clip, number: int) -> Any:
    width, height = clip.size
    rows, columns = np.mgrid[:height, :width]
    levels = np.stack([rows * 200 // height + 20, columns * 200 // width + 30, rows * 0 + 60], axis=-1)
    left = number * 2 % (width - 8)
    levels[4:12, left : left + 8] = 230
    frame = av.VideoFrame.from_ndarray((levels * 257).astype(np.uint16), format="rgb48le")
    matrix = {6: 5, 2: 5}.get(clip.colours[0], clip.colours[0])
    made = frame.reformat(
        format=clip.pixel_format,
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=FULL,
        dst_color_range=clip.colours[1] or LIMITED,
    )
    made.colorspace, made.color_range = clip.colours[:2]
    return made


def _sides(output: Any) -> list[Any]:
    """Adds the other streams, and returns their packets."""
    packets: list[Any] = []
    for language, title, codec in (("deu", "Ton", "flac"), ("jpn", "Kommentar", "pcm_s16le")):
        stream = output.add_stream(codec, rate=48000)
        stream.codec_context.layout = "stereo"
        stream.metadata.update({"language": language, "title": title})
        stream.disposition = av.stream.Disposition.default if language == "deu" else av.stream.Disposition.comment
        packets.append(stream)
    text = output.add_mux_stream("subrip")
    text.metadata.update({"language": "eng", "title": "Words"})
    text.time_base = Fraction(1, 1000)
    output.add_attachment("note.txt", "text/plain", b"an attachment")
    output.metadata.update({"title": "A clip", "artist": "Somebody"})
    chapter = {"id": 1, "start": 0, "end": 400, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}}
    output.set_chapters([chapter, {**chapter, "id": 2, "start": 400, "end": 800, "metadata": {"title": "Two"}}])
    return [_lazily(text, packets)]


def _lazily(text: Any, sounds: list[Any]) -> Any:
    for start, words in ((100, b"Hello"), (400, b"Goodbye")):
        packet = av.Packet(words)
        packet.stream, packet.time_base = text, Fraction(1, 1000)
        packet.pts = packet.dts = start
        packet.duration = 200
        yield packet
    for k, stream in enumerate(sounds):
        wave = np.sin(np.arange(36_000) * (k + 1) / 20) * 10_000
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16).repeat(2)[None], format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        yield from stream.encode(frame)
        yield from stream.encode(None)


def times(path: Path) -> list[Fraction]:
    """When each frame is shown, in seconds."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def decoded(path: Path) -> np.ndarray:
    """All frames as RGB levels of 16 bits [n, h, w, 3]."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb48le") for frame in container.decode(video=0)])


def packets(path: Path, kind: str) -> list[list[tuple[Fraction, bytes]]]:
    """Times and bytes of the packets of each stream of a kind."""
    found: list[list[tuple[Fraction, bytes]]] = []
    with av.open(str(path)) as container:
        for index in [s.index for s in container.streams if s.type == kind]:
            container.seek(0)
            stream = container.streams[index]
            found.append([(p.pts * p.time_base, bytes(p)) for p in container.demux(stream) if p.size])
    return found


def probed(path: Path) -> dict[str, Any]:
    """Streams, chapters, format and the frames of the video as ffprobe tells them; skips the test without ffprobe."""
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_chapters", "-show_format", "-of", "json", str(path)]
    made = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    command[3:6] = ["-select_streams", "v:0", "-show_frames"]
    made["frames"] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["frames"]
    return made


def ffmpeg(*arguments: str) -> None:
    """Run ffmpeg; skips the test without it."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, capture_output=True)
