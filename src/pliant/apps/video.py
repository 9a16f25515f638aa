"""Upscale one video file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from pliant.apps.frames import upscaled
from pliant.apps.loading import Way, loaded, work_of
from pliant.engines.base import Session
from pliant.errors import UsageError
from pliant.imaging.network import Network
from pliant.imaging.sizes import Plan, plan
from pliant.imaging.upscaling import Limits, Work
from pliant.media.video import hdr
from pliant.media.video.assemble import assemble
from pliant.media.video.check import checked
from pliant.media.video.codecs import Codec, encoder_of, options_of
from pliant.media.video.colour import LIMITED, RGB, Colours, for_result
from pliant.media.video.containers import Container, carried, choose, choose_codec
from pliant.media.video.encoder import Encoder, Settings
from pliant.media.video.library import library, versions
from pliant.media.video.pixels import Kind, kind_of, lost, nearest
from pliant.media.video.segments import Folder, Segment
from pliant.media.video.source import Facts, opened, probe
from pliant.version import VERSION

PathLike = str | os.PathLike[str]
Sides = tuple[int | None, int | None]
UNKNOWN_FRAMES = 240  # of a file that does not say; a guess, for whether to measure engines
SEGMENT = 120  # frames; encoders begin anew at least every 250, so that a segment costs hardly any bytes


@dataclass(frozen=True)
class VideoResult:
    """What was done. Sizes are (width, height).

    `factor` is what the network computed with. `frames` are all of the result, `resumed` those of them that an earlier
    call had done. `codec` and `pixel_format` are av's names. `notes` are sentences about what could not be kept or may
    not be expected. `seconds` counts everything, loading the model included.
    """

    source: Path
    destination: Path
    source_size: tuple[int, int]
    size: tuple[int, int]
    factor: float
    frames: int
    resumed: int
    codec: str
    pixel_format: str
    model: str
    engine: str
    seconds: float
    notes: tuple[str, ...]


def video(
    source: PathLike,
    destination: PathLike | None = None,
    factor: float | None = None,
    *,
    size: Sides | None = None,
    model: PathLike | Session | None = None,
    engine: str = "auto",
    precision: str | None = None,
    max_error: float | None = None,
    codec: str | None = None,
    quality: float | None = None,
    preset: str | None = None,
    segment: int = SEGMENT,
    memory: int | None = None,
    tile: int | None = None,
    report: Callable[[str], None] | None = None,
    advance: Callable[[float], None] | None = None,
) -> VideoResult:
    """Upscale the video in `source` frame by frame and write it to `destination`, whole or not at all.

    Kept are the time and duration of every frame, the frame rate, bit depth, chroma and colour tags, sound, subtitles,
    attachments, further videos, chapters and tags, as far as codec and container hold them; `notes` say what they do
    not. A turned video is stored upright.

    Frames are encoded in segments, which lie in a hidden folder beside the destination until the result is written. If
    the work is interrupted, by whatever, the same call goes on after the last whole segment.

    A damaged or cut file is upscaled as far as it can be decoded, and noted.

    Args:
        destination: a .mkv, .mp4, .m4v, .mov, .webm or .ts file; an existing one is replaced, but never the source. In
            a folder, or beside the source if None, the name is that of the source with the factor or size behind it.
        factor: above 0; sides become floor(side * factor), and one less where the chroma of the video asks for an even
            number. The model's default, 4 if it takes it, if None.
        size: width and height in pixels instead of a factor; one may be None, which keeps the proportions.
        model: an ONNX file, the name of a shipped model, or a session; the default model if None.
        engine: as for `upscale`, and so are `precision` and `max_error`.
        codec: "h264", "hevc", "av1", "vp9", "ffv1" or "prores"; the source's own if None, H.264 if that is not
            written.
        quality: the encoder's constant rate factor, 0 being best.
        preset: the encoder's own name of how much time it takes; the profile of ProRes.
        segment: frames of a segment.
        memory: bytes that the process may use; half of what is free, at most 1 GB, if None.
        tile: the longest side of a tile in pixels of the source; chosen for the memory and measured speed if None.
        report: called with a few words at the beginning of each step.
        advance: called with the share of the frames that is done, from 0 to 1.

    Raises:
        VideoError: the video cannot be read, or not be written where it should.
        PictureError: a frame is too large for the memory that is free.
        ContractError: the model does not take these frames, this factor or size.
        InputError: the model cannot be loaded or run.
        UsageError: factor, size, codec, quality, preset, model or engine make no sense, or another process is writing
            the same result.
        MissingExtra: the package av is not installed.
    """
    started = perf_counter()
    origin, tell = Path(source), report or _ignore
    if segment < 1:
        raise UsageError(f"A segment of {segment} frames makes no sense; give at least 1.")
    library()
    facts = probe(origin)
    tell("loading the model")
    amount = work_of([facts.size] * max(1, facts.frames or UNKNOWN_FRAMES), factor, size)
    with loaded(model, Way(engine, precision, max_error), amount, tell, figures=True) as (session, name):
        target = Path(destination) if destination is not None else None
        job = _prepare(Network.of(session), facts, target, factor, size, codec, quality, preset)
        work = Work(Network.of(session), job.plan, Limits(memory, tile), _ignore)
        identity = _identity(job, session, segment, tile)
        segments, resumed, notes = _run(job, work, identity, segment, tell, advance or _ignore)
    return VideoResult(
        source=origin,
        destination=job.path,
        source_size=facts.size,
        size=job.settings.size,
        factor=job.plan.factor,
        frames=sum(len(part.moments) for part in segments),
        resumed=resumed,
        codec=job.codec.name,
        pixel_format=job.settings.pixel_format,
        model=name,
        engine=session.engine,
        seconds=perf_counter() - started,
        notes=tuple(dict.fromkeys((*facts.notes, *job.plan.notes, *job.notes, *session.notes, *notes))),
    )


@dataclass(frozen=True)
class _Job:
    """Everything that is decided before the network runs. `kept` are the streams that are copied."""

    facts: Facts
    plan: Plan
    path: Path
    container: Container
    codec: Codec
    kind: Kind
    settings: Settings
    kept: list[int]
    notes: tuple[str, ...]


def _prepare(
    network: Network,
    facts: Facts,
    destination: Path | None,
    factor: float | None,
    size: Sides | None,
    asked: str | None,
    quality: float | None,
    preset: str | None,
) -> _Job:
    planned = plan(network, facts.size, factor, size)
    label = "{}x{}".format(*planned.result) if size else f"x{factor or network.default_factor:g}"
    path, container = choose(facts, destination, label)
    codec, changed = choose_codec(facts, container, asked)
    encoder = encoder_of(codec) or ""
    wanted = facts.kind
    formats = [kind.name for kind in library().Codec(encoder, "w").video_formats or ()]
    kind = nearest(wanted, formats if codec.alpha else [name for name in formats if not kind_of(name).alpha])
    result, odd = _even(planned.result, kind)
    colours, marked = _colours(facts, codec, kind, result[1])
    options = options_of(codec, result, quality, preset, hdr.options(facts.extras, codec.name))
    if codec.name == "prores" and preset is None and (kind.alpha or kind.across == 1):
        options["profile"] = "4444"
    settings = Settings(
        encoder, result, kind.name, facts.rate, facts.time_base, facts.aspect, colours, options, container.global_header
    )
    Encoder(settings).finish()  # what it does not take is better known now
    with opened(facts.path) as source:
        kept, left = carried(source, facts.index, container)
    notes = (*changed, *lost(wanted, kind, codec.title), *odd, *marked, *hdr.lost(facts.extras, codec.name), *left)
    return _Job(facts, planned, path, container, codec, kind, settings, kept, notes)


def _even(size: tuple[int, int], kind: Kind) -> tuple[tuple[int, int], tuple[str, ...]]:
    """The size without the last column or row that chroma of this kind does not cover, and a note about it."""
    width, height = (side - side % step for side, step in zip(size, (kind.across, kind.down), strict=True))
    if (width, height) == size:
        return size, ()
    if not (width and height):
        raise UsageError(f"{kind.text()} cannot hold {size[0]} x {size[1]} pixels; use a larger factor or size.")
    return (width, height), (
        f"{kind.text()} needs even sides: of {size[0]} x {size[1]} pixels, {width} x {height} were written, without "
        "the last column or row.",
    )


def _colours(facts: Facts, codec: Codec, kind: Kind, lines: int) -> tuple[Colours, tuple[str, ...]]:
    """The tags of the result."""
    found = facts.colours
    if facts.kind.rgb and not kind.rgb:
        found = Colours(1, LIMITED, found.primaries, found.transfer)
    elif kind.rgb:
        found = Colours(RGB, found.range, found.primaries, found.transfer)
    else:
        found, notes = for_result(found, facts.size[1], lines)
        if found.applied(lines)[1] == LIMITED or codec.full_range:
            return found, notes
        limited = Colours(found.matrix, LIMITED, found.primaries, found.transfer)
        return limited, (*notes, f"{codec.title} has no full range; levels were converted to the limited one.")
    return found, ()


def _identity(job: _Job, session: Session, segment: int, tile: int | None) -> dict[str, Any]:
    """What makes segments usable for this call: everything that their frames depend on."""
    status = job.facts.path.stat()
    return {
        "pliant": VERSION,
        "source": [str(job.facts.path.resolve()), status.st_size, status.st_mtime_ns],
        "model": [session.fingerprint or repr(session.contract), session.engine],
        "plan": {key: value for key, value in asdict(job.plan).items() if key != "notes"},
        "settings": job.settings.plain(),
        "segment": segment,
        "tile": tile,
        "versions": versions(),
    }


def _run(
    job: _Job,
    work: Work,
    identity: dict[str, Any],
    length: int,
    tell: Callable[[str], None],
    advance: Callable[[float], None],
) -> tuple[list[Segment], int, tuple[str, ...]]:
    """The segments, how many frames were there before, and notes."""
    folder = Folder(job.path)
    try:
        finished, other = folder.open(identity)
        resumed = sum(len(part.moments) for part in finished)
        tell("upscaling to {:,} x {:,}".format(*job.settings.size))
        segments, notes = upscaled(job.facts, job.settings, work, folder, finished, length, advance)
        if other:
            notes += ("What an earlier call with other settings had begun was not used.",)
        tell(f"writing {job.path.name}")
        part = folder.path / "result"
        assemble(part, job.container, job.facts, job.settings, segments, job.kept)
        notes += checked(part, job.container, job.facts, job.settings, segments, job.kept)
        os.replace(part, job.path)
        folder.remove()
    finally:
        folder.close()
    return segments, resumed, notes


def _ignore(what: object) -> None:
    del what
