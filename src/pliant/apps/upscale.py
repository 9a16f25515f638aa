"""Upscale one picture file."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from pliant.apps.frames import upscale_frames
from pliant.apps.models import find
from pliant.engines.base import Session, load
from pliant.errors import UsageError
from pliant.imaging.limits import check_disk, check_format, check_memory
from pliant.imaging.network import Network
from pliant.imaging.sizes import Plan, plan
from pliant.imaging.upscaling import Limits, Work
from pliant.media.colours import in_srgb
from pliant.media.formats import Format
from pliant.media.picture import Picture
from pliant.media.read import read_picture, read_size
from pliant.media.strips import streamed, write_strips
from pliant.media.write import choose

PathLike = str | os.PathLike[str]
Sides = tuple[int | None, int | None]
ALPHA = ("network", "resize")


@dataclass(frozen=True)
class Result:
    """What was done. Sizes are (width, height).

    `factor` is what the network computed with. `notes` are sentences about what could not be kept or may not
    be expected. `seconds` counts everything, loading the model included.
    """

    source: Path
    destination: Path
    source_size: tuple[int, int]
    size: tuple[int, int]
    factor: float
    model: str
    engine: str
    seconds: float
    notes: tuple[str, ...]


def upscale(
    source: PathLike,
    destination: PathLike | None = None,
    factor: float | None = None,
    *,
    size: Sides | None = None,
    model: PathLike | Session | None = None,
    engine: str = "auto",
    format: str | None = None,  # noqa: A002 - what users and Pillow call it
    memory: int | None = None,
    tile: int | None = None,
    alpha: str = "network",
    strip: bool = False,
    report: Callable[[str], None] | None = None,
    advance: Callable[[float], None] | None = None,
) -> Result:
    """Upscale the picture in `source` and write it to `destination`, whole or not at all.

    A large picture is computed in tiles, which for networks that look no farther than some pixels equal the whole up to
    float32 rounding: how far a network looks is found by trying. Networks that look at everything are blended, and a
    note says how far that is from the whole.

    Colour profile, resolution, EXIF and XMP data, transparency, 16 bits and floats are kept where the format can hold
    them, and a note says where it cannot; orientation is applied. Of an animated picture every frame is upscaled, one
    at a time, where the result's format is animated too.

    Args:
        destination: a PNG, JPEG, WebP, TIFF, AVIF, HEIF, BMP or GIF file, by its suffix; an existing one is replaced,
            but never the source. In a folder, or beside the source if None, the name is that of the source with the
            factor or size behind it.
        factor: above 0; sides become floor(side * factor). The model's default, 4 if it takes it, if None.
        size: width and height in pixels instead of a factor; one may be None, which keeps the proportions.
        model: an ONNX file, the name of a shipped model, or a session; the default model if None.
        engine: name of the engine that runs a model which is no session yet.
        format: "png", "jpeg", "webp", "tiff", "avif", "heif", "bmp" or "gif", for a destination without suffix.
        memory: bytes that the process may use; half of what is free, at most 1.2 GB, if None.
        tile: the longest side of a tile in pixels of the source; chosen for the memory and measured speed if None.
        alpha: "network" upscales transparency as the colours are, "resize" without the network, which is quicker.
        strip: leave out EXIF and XMP data, the resolution, and the colour profile, after colours were brought to sRGB.
        report: called with a few words at the beginning of each step.
        advance: called with the share of a large picture that is done, from 0 to 1.

    Raises:
        PictureError: the picture cannot be read, is too large, or cannot be written where it should.
        ContractError: the model does not take this picture, factor or size.
        InputError: the model cannot be loaded or run.
        UsageError: factor, size, format, model, engine or alpha make no sense, or a format needs a package.
    """
    if alpha not in ALPHA:
        raise UsageError(f"alpha is {alpha!r}; give 'network' or 'resize'.")
    started = perf_counter()
    origin, tell = Path(source), report or _ignore
    read_size(origin)  # a source that cannot be read should not cost the loading of a model
    tell("loading the model")
    with _loaded(model, engine) as (session, name):
        network = Network.of(session)
        wanted = Path(destination) if destination is not None else None
        job = _prepare(network, origin, wanted, factor, size, format)
        if strip:
            job = replace(job, picture=_stripped(job.picture))
        tell("upscaling to {:,} x {:,}".format(*job.plan.result))
        work = Work(network, job.plan, Limits(memory, tile), advance or _ignore, alpha=alpha)
        lost = _written(job, work, tell)
    return Result(
        source=origin,
        destination=job.path,
        source_size=job.plan.source,
        size=job.plan.result,
        factor=job.plan.factor,
        model=name,
        engine=session.engine,
        seconds=perf_counter() - started,
        notes=(*job.picture.notes, *job.plan.notes, *work.notes, *lost),
    )


def _written(job: _Job, work: Work, tell: Callable[[str], None]) -> tuple[str, ...]:
    """Do the work; sentences about what the format cannot hold."""
    if job.picture.motion is not None:
        return upscale_frames(job.picture, work, job.path, job.target)
    held = not streamed(job.target, job.plan.result)
    strips = work.strips(job.picture.pixels, held)
    return write_strips(job.picture, strips, job.plan.result, job.path, job.target, tell)


def _stripped(picture: Picture) -> Picture:
    """In sRGB, which is what programs take a picture without a profile for."""
    return replace(in_srgb(picture), exif=None, xmp=None, dpi=None)


@dataclass(frozen=True)
class _Job:
    """Everything that is decided before the network runs."""

    picture: Picture
    plan: Plan
    path: Path
    target: Format


def _prepare(
    network: Network,
    source: Path,
    destination: Path | None,
    factor: float | None,
    size: Sides | None,
    format: str | None,  # noqa: A002
) -> _Job:
    width, height, source_format = read_size(source)
    planned = plan(network, (width, height), factor, size, held=False)
    label = "{}x{}".format(*planned.result) if size else f"x{factor or network.default_factor:g}"
    path, target = choose(source, source_format, destination, format, label)
    _check(planned, path, target)
    picture = read_picture(source, moving=target.animate is not None)
    if picture.size != planned.source:  # a PNG may hold its orientation behind the pixels
        planned = plan(network, picture.size, factor, size, held=False)
    _check(planned, path, target, picture)
    return _Job(picture, planned, path, target)


def _check(planned: Plan, path: Path, target: Format, picture: Picture | None = None) -> None:
    """Raise PictureError if the result is too large for its format, or for the memory or the disk that is free."""
    pixel = picture.pixels[0, 0].nbytes if picture else 0
    check_format(*planned.result, target.title, target.ceiling, target.area, (pixel, target.size_limit))
    if streamed(target, planned.result):
        check_disk(path.parent, *planned.result)
    else:
        check_memory(*planned.result)


@contextmanager
def _loaded(model: PathLike | Session | None, engine: str) -> Generator[tuple[Session, str], None, None]:
    """The session and what to call its model; a session that the caller gave stays open."""
    if isinstance(model, Session):
        yield model, model.contract.provenance.source or "the session's model"
        return
    path = find(model)
    with load(path, engine) as session:
        yield session, path.stem


def _ignore(what: object) -> None:
    del what
