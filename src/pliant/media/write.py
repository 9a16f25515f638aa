"""Writing one picture file: whole or not at all, and never over its source."""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pliant.artifact import write_atomically, written_atomically
from pliant.errors import PictureError, UsageError
from pliant.media.fitting import fit_metadata, fit_pixels, fitting
from pliant.media.formats import Format, by_name, by_suffix, for_source
from pliant.media.formats._pillow import encode
from pliant.media.picture import Array, Picture


def choose(
    source: Path, source_format: str, destination: Path | None, name: str | None, label: str
) -> tuple[Path, Format]:
    """Where the result goes and in which format.

    Without a destination, or with a folder, the name is that of the source with `_label` behind it. `name` is
    a format that the caller asked for.

    Raises:
        PictureError: the destination is the source, its folder does not exist, or its suffix is unknown.
        UsageError: the format is unknown, or is not the one the suffix of the destination says.
    """
    asked = by_name(name) if name else None
    if destination is None or destination.is_dir():
        folder = destination or source.parent
        chosen, suffix = (asked, asked.suffixes[0]) if asked else for_source(source, source_format)
        path = folder / f"{source.stem}_{label}{suffix}"
    elif asked is not None and not destination.suffix:
        chosen, path = asked, destination
    else:
        chosen, path = by_suffix(destination), destination
        if asked not in (None, chosen):
            raise UsageError(f"{path.name} says {chosen.title}, but the format asked for is {name}; give one of them.")
    _check_place(source, path)
    return path, chosen


def _check_place(source: Path, path: Path) -> None:
    if not path.parent.is_dir():
        raise PictureError(f"There is no folder {path.parent}; create it or choose another destination.")
    if path.is_dir():
        raise PictureError(f"{path} is a folder; give the path of the picture to write.")
    if path.exists() and source.exists() and path.samefile(source):
        raise PictureError(f"{path} is the source itself, which is never overwritten; choose another destination.")


def write_picture(picture: Picture, path: Path, target: Format) -> tuple[str, ...]:
    """Write `picture` to `path`, replacing what is there in one step.

    Returns sentences about what the format cannot hold. Raises InputError if the file cannot be written or the
    picture cannot be encoded.
    """
    fitted, notes = fitting(picture, target)
    with _refusals(fitted.size, target):
        data = (target.encode or encode)(fitted, target)
    write_atomically(path, data)
    return notes


def write_motion(
    picture: Picture, frames: Iterable[Array], size: tuple[int, int], path: Path, target: Format
) -> tuple[str, ...]:
    """Write frames of `size`, uint8 in the channels of `picture`, as its `motion` says, to `path` in one step.

    `picture` is the source, whose metadata are kept; `target` can hold moving pictures. One frame is held at a time,
    where the format allows. Returns and raises as `write_picture`.
    """
    if target.animate is None or picture.motion is None:
        raise ValueError(f"{target.title} does not move, or the picture does not")
    like, lost = fit_pixels(picture.pixels, target)
    fitted, notes = fit_metadata(replace(picture, pixels=like), target)
    with written_atomically(path) as file, _refusals(size, target):
        target.animate(file, fitted, picture.motion, (fit_pixels(frame, target)[0] for frame in frames))
    return (*lost, *notes)


@contextmanager
def _refusals(size: tuple[int, int], target: Format) -> Generator[None, None, None]:
    """What Pillow and others raise when they cannot write a picture becomes a PictureError."""
    try:
        yield
    except (OSError, ValueError, OverflowError, RuntimeError, struct.error) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk, not the format
            raise
        pixels = "{:,} x {:,}".format(*size)
        advice = "use a smaller size" if target.name == "PNG" else "use PNG"
        raise PictureError(f"A picture of {pixels} cannot be written as {target.title} ({error}); {advice}.") from error
