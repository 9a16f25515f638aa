"""Writing one picture file: whole or not at all, and never over its source."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pliant.artifact import write_atomically
from pliant.errors import PictureError, UsageError
from pliant.media.formats import Format, by_name, by_suffix, for_source
from pliant.media.picture import Array, Picture
from pliant.media.png16 import encode

EXIF_LIMIT = 65_533 - 6  # what a JPEG segment holds beside its own header
PROFILES = {1: b"GRAY", 2: b"GRAY", 3: b"RGB ", 4: b"RGB "}  # colour space in an ICC header, by channels


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
    pixels, notes = _fitting(picture.pixels, target)
    icc, exif, lost = fitting_metadata(picture, pixels.shape[2], target)
    if pixels.dtype == np.uint16:
        write_atomically(path, encode(pixels, icc, exif, picture.dpi))
    else:
        write_atomically(path, _encoded(pixels, target, {"icc_profile": icc, "exif": exif, "dpi": picture.dpi}))
    return (*notes, *lost)


def fitting_metadata(picture: Picture, channels: int, target: Format) -> tuple[bytes | None, bytes | None, list[str]]:
    """The colour profile and the EXIF block that a result of so many channels can have, and what was left out."""
    icc, exif, notes = picture.icc, picture.exif, list[str]()
    if icc is not None and icc[16:20] != PROFILES[channels]:
        icc = None
        notes.append("The colour profile does not fit the pixels and was left out.")
    if exif is not None and target.name == "JPEG" and len(exif) > EXIF_LIMIT:
        exif = None
        notes.append("The EXIF data is too long for a JPEG and was left out.")
    return icc, exif, notes


def _encoded(pixels: Array, target: Format, metadata: dict[str, Any]) -> bytes:
    given = {key: value for key, value in metadata.items() if value is not None}
    file = BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    try:
        image.save(file, target.name, **target.options, **given)
    except (OSError, ValueError) as error:
        size = f"{image.width:,} x {image.height:,}"
        raise PictureError(f"A picture of {size} cannot be written as {target.title} ({error}); use PNG.") from error
    return file.getvalue()


def _fitting(pixels: Array, target: Format) -> tuple[Array, list[str]]:
    """Pixels in a number of channels and a depth that the format holds, and what that lost."""
    notes: list[str] = []
    if pixels.dtype == np.uint16 and not target.deep:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
        notes.append(f"{target.title} has no 16-bit levels; 8 bits were written.")
    if pixels.shape[2] in (1, 2) and not {1, 2} & set(target.channels):
        pixels = np.concatenate([pixels[..., :1].repeat(3, axis=2), pixels[..., 1:]], axis=2)
    if pixels.shape[2] not in target.channels:
        pixels = _flattened(pixels)
        notes.append(f"{target.title} has no transparency; the picture was put on white.")
    return np.ascontiguousarray(pixels), notes


def _flattened(pixels: Array) -> Array:
    """Without its alpha channel, on white, rounded half up."""
    colour, alpha = pixels[..., :-1].astype(np.uint32), pixels[..., -1:].astype(np.uint32)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
