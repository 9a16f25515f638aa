"""Upscale one picture file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from pliant.apps.loading import Way, loaded, work_of
from pliant.apps.precision import cost
from pliant.apps.steps import PathLike, Sides, Wish, check, computed, decoded, written
from pliant.engines.base import Session
from pliant.imaging.network import Network
from pliant.imaging.sizes import Plan
from pliant.imaging.upscaling import Limits, Work
from pliant.media.formats import Format
from pliant.media.picture import Picture
from pliant.media.read import read_size
from pliant.media.write import choose


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
    precision: str | None = None,
    max_error: float | None = None,
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
        engine: name of the engine that runs a model which is no session yet; "auto" takes the one that was measured to
            be fastest here, and measures only before much work.
        precision: what it computes in, and
        max_error: what that may cost, as for `pliant.load`; a note says what it did cost.
        format: "png", "jpeg", "webp", "tiff", "avif", "heif", "bmp" or "gif", for a destination without suffix.
        memory: bytes that the process may use; half of what is free, at most 1 GB, if None.
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
    wish = Wish(factor, size, format, alpha, strip)
    started = perf_counter()
    origin, tell = Path(source), report or _ignore
    width, height, _ = read_size(origin)  # a source that cannot be read should not cost the loading of a model
    tell("loading the model")
    amount = work_of([(width, height)], factor, size)
    with loaded(model, Way(engine, precision, max_error), amount, tell) as (session, name):
        network = Network.of(session)
        job = _prepare(network, origin, Path(destination) if destination is not None else None, wish)
        tell("upscaling to {:,} x {:,}".format(*job.plan.result))
        work = Work(network, job.plan, Limits(memory, tile), advance or _ignore, alpha=alpha)
        spent = cost(session, model, job.picture.pixels, job.plan)
        lost = written(job.picture, computed(job.picture, work, job.target), job.plan, job.path, job.target, tell)
    return Result(
        source=origin,
        destination=job.path,
        source_size=job.plan.source,
        size=job.plan.result,
        factor=job.plan.factor,
        model=name,
        engine=session.engine,
        seconds=perf_counter() - started,
        notes=(*job.picture.notes, *job.plan.notes, *work.notes, *spent, *lost),
    )


@dataclass(frozen=True)
class _Job:
    """Everything that is decided before the network runs."""

    picture: Picture
    plan: Plan
    path: Path
    target: Format


def _prepare(network: Network, source: Path, destination: Path | None, wish: Wish) -> _Job:
    width, height, source_format = read_size(source)
    planned = wish.planned(network, (width, height))
    label = "{}x{}".format(*planned.result) if wish.size else f"x{wish.factor or network.default_factor:g}"
    path, target = choose(source, source_format, destination, wish.format, label)
    check(planned, path.parent, target)
    return _Job(*decoded(network, source, planned, wish, path.parent, target), path, target)


def _ignore(what: object) -> None:
    del what
