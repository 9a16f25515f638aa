"""One picture from a file to a file, within the server's limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from pliant.apps.server import claims
from pliant.apps.server.beside import Beside
from pliant.apps.server.models import Offered
from pliant.apps.server.problems import DISK, MEMORY, Problem
from pliant.apps.server.settings import Settings
from pliant.apps.server.wishes import Asked
from pliant.apps.steps import Array, check, computed, decoded, written
from pliant.errors import InputError, PictureError
from pliant.imaging.sizes import Plan
from pliant.imaging.upscaling import Limits, Work
from pliant.media.formats import Format, by_name, for_source
from pliant.media.picture import Picture
from pliant.media.read import read_size
from pliant.media.strips import HELD

Step = Callable[[float], None]

# what sentences about pictures mean to a client
MEANINGS = (
    ("claims to have more than", 413),
    ("damaged", 415),
    ("is not a", 415),
    ("is empty", 415),
    ("of memory, but", 503),
    ("of disk may be needed", 507),
)


@dataclass(frozen=True)
class Made:
    """A result on disk. Sizes are (width, height); `seconds` counts reading and writing too."""

    path: Path
    media: str
    suffix: str
    source_size: tuple[int, int]
    size: tuple[int, int]
    factor: float
    model: str
    engine: str
    seconds: float
    notes: tuple[str, ...]


def make(
    source: Path,
    asked: Asked,
    offered: Offered,
    settings: Settings,
    target: Path,
    step: Step,
    release: Callable[[], None] | None = None,
    beside: Beside | None = None,
) -> Made:
    """Upscale the picture in `source` and write it to `target`, whole or not at all.

    `step` is called with the share that is done, from 0 to 1, and ends the work by raising. `beside` says what else is
    computed. `release` is called when the network has done its part, and the next large picture has its turn, if the
    result is not so large that two of them should not be in memory.

    Raises:
        Problem: 415 if the file is no picture that can be read, 413 if it or its result is beyond the limits.
        PliantError: the model does not take it, or the result cannot be written.
    """
    started = perf_counter()
    step(0.0)
    try:
        planned, form, suffix = _foreseen(source, asked, offered, settings)
        picture, planned = decoded(offered.network, source, planned, asked.wish, target.parent, form)
        _check_frames(picture, planned, settings)
        with (beside or Beside()).network(offered.network, planned, step) as turn:
            work = Work(turn.network, planned, Limits(), step, alpha=asked.wish.alpha)
            pieces = computed(picture, work, form)
            if planned.result[0] * planned.result[1] * 3 <= HELD:
                pieces = _followed(pieces, turn.end, release)
            lost = written(picture, pieces, planned, target, form, lambda text: None)
    except InputError as error:
        raise refusal(error, source, target) from error
    step(1.0)
    return Made(
        path=target,
        media=_media(form),
        suffix=suffix,
        source_size=planned.source,
        size=planned.result,
        factor=planned.factor,
        model=offered.name,
        engine=offered.session.engine,
        seconds=perf_counter() - started,
        notes=(*picture.notes, *planned.notes, *work.notes, *lost),
    )


def _followed(pieces: Iterable[Array], *then: Callable[[], None] | None) -> Iterator[Array]:
    yield from pieces
    for do in then:
        if do is not None:
            do()


def foreseen(source: Path, asked: Asked, offered: Offered, settings: Settings) -> Plan:
    """What `make` would do, as far as the first bytes of the picture tell. Raises as `make`."""
    try:
        return _foreseen(source, asked, offered, settings)[0]
    except InputError as error:
        raise refusal(error, source) from error


def _foreseen(source: Path, asked: Asked, offered: Offered, settings: Settings) -> tuple[Plan, Format, str]:
    claims.check(source)
    width, height, kind = _size(source)
    _allowed((width, height), 1, settings.pixels_in, "The picture has")
    count = claims.frames(source, kind, width * height, settings.pixels_in)
    form, suffix = _form(source, kind, asked)
    planned = asked.wish.planned(offered.network, (width, height))
    _check_result(planned, count if form.animate is not None else 1, settings)
    return planned, form, suffix


def _size(source: Path) -> tuple[int, int, str]:
    try:
        return read_size(source)
    except PictureError as error:
        found = refusal(error, source)
        raise found if isinstance(found, Problem) else Problem(415, str(found)) from error


def _form(source: Path, kind: str, asked: Asked) -> tuple[Format, str]:
    if asked.wish.format:
        form = by_name(asked.wish.format)
        return form, form.suffixes[0]
    return for_source(source, kind)


def _check_result(planned: Plan, frames: int, settings: Settings) -> None:
    _allowed(planned.result, frames, settings.pixels_out, "The result would have")
    _allowed(planned.computed, frames, settings.pixels_out, "The network would compute")


def _check_frames(picture: Picture, planned: Plan, settings: Settings) -> None:
    frames = len(picture.motion.durations) if picture.motion is not None else 1
    _allowed(planned.source, frames, settings.pixels_in, "All frames have")
    _check_result(planned, frames, settings)


def _allowed(size: tuple[int, int], frames: int, most: int, what: str) -> None:
    pixels = size[0] * size[1] * frames
    if pixels > most:
        raise Problem(413, f"{what} {pixels:,} pixels, but this server takes up to {most:,}; use a smaller one.")


def refusal(error: InputError, *paths: Path) -> Exception:
    """What to raise for an error of reading, planning or writing, without the server's own paths in it."""
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno is not None:  # the server's disk, and not the picture
        return cause
    if isinstance(cause, MemoryError):
        return cause
    text = str(error)
    for path in paths:
        text = text.replace(str(path), "The picture").replace(path.name, "the picture")
        text = text.replace(str(path.parent), "the server")
    text = text[:1].upper() + text[1:]
    status = next((status for pattern, status in MEANINGS if isinstance(error, PictureError) and pattern in text), None)
    if status is None:
        return type(error)(text)
    return Problem(status, {503: MEMORY, 507: DISK}.get(status, text))


def _media(form: Format) -> str:
    return f"image/{form.name.lower()}"


def check_place(planned: Plan, folder: Path, form: Format) -> None:
    """Raise Problem or PictureError if there is no room for the result in `folder`."""
    try:
        check(planned, folder, form)
    except InputError as error:
        raise refusal(error, folder / "result") from error


def check_sizes(planned: Plan, settings: Settings) -> None:
    """Raise Problem (413) if a picture or its result has more pixels than the settings allow."""
    _allowed(planned.source, 1, settings.pixels_in, "The picture has")
    _check_result(planned, 1, settings)
