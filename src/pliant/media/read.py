"""Reading one picture file. Every fault of the file is a `PictureError` of one sentence."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from pliant.errors import PictureError
from pliant.media.colours import cmyk_to_srgb
from pliant.media.formats import FORMATS, READ, recognised, titles
from pliant.media.formats.base import Format
from pliant.media.frames import FIRST_ONLY, motion_of
from pliant.media.metadata import DAMAGE, dpi_of, exif_of, orientation, png_colours, turned, xmp_of
from pliant.media.picture import Array, Picture
from pliant.media.pixels import check_claim, check_finite, too_many, upright
from pliant.media.png16 import with_key

VIDEOS = (".mkv", ".mp4", ".m4v", ".mov", ".webm", ".ts", ".avi", ".wmv", ".mpg", ".mpeg", ".flv", ".m2ts", ".3gp")

# Pillow mode -> mode that is worked on; modes that are missing are refused
_MODES = {
    "1": "L",
    "L": "L",
    "LA": "LA",
    "La": "LA",
    "RGB": "RGB",
    "RGBX": "RGB",
    "P": "RGB",
    "YCbCr": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "PA": "RGBA",
    "F": "F",
}


class _Foreign(Exception):  # noqa: N818 - not an error, a way
    """Pillow refuses the file, and `format` has another way to read it."""

    def __init__(self, format: Format) -> None:  # noqa: A002
        super().__init__(format.title)
        self.format = format


def read_size(path: Path) -> tuple[int, int, str]:
    """Width and height of the upright picture and Pillow's name of its format, without decoding it.

    Raises PictureError.
    """
    try:
        with _opened(path) as image:
            width, height = image.size
            sideways = orientation(image) >= 5
            return (height, width, image.format or "") if sideways else (width, height, image.format or "")
    except _Foreign as other:
        found = _foreign(other.format, path, size_only=True)
        return (*found.size, found.format)


def read_frames(path: Path) -> int:
    """How many frames a file says it has, which takes no time for PNG, WebP and AVIF. Raises PictureError."""
    with _opened(path) as image:
        return int(getattr(image, "n_frames", 1))


def read_picture(path: Path, moving: bool = False) -> Picture:
    """The picture in a file, upright.

    Colours other than grey and RGB are converted: palettes with their transparency, 1 bit to grey, CMYK through
    its profile. `moving` asks for all frames of a moving picture, in `motion`, which are decoded once to see that they
    can be; otherwise only the first is read, and a note says so. Raises PictureError.
    """
    try:
        with _opened(path) as image:
            picture = _read(image, path)
    except _Foreign as other:
        return _foreign(other.format, path, size_only=False)
    if FIRST_ONLY not in picture.notes or not moving:
        return picture
    with _faults(path):
        first, motion, notes = motion_of(path)
    kept = tuple(note for note in picture.notes if note != FIRST_ONLY)
    return replace(picture, pixels=first, motion=motion, notes=(*kept, *notes))


def _read(image: Image.Image, path: Path) -> Picture:
    own = next((f for f in FORMATS if f.reads(image.format or "")), None)
    chunks = png_colours(path) if image.format == "PNG" else ()
    deep = own.deep(image, path) if own is not None and own.deep is not None else None
    image.load()
    icc = image.info.get("icc_profile") or None
    colours, icc = (cmyk_to_srgb(image, icc), None) if image.mode == "CMYK" else (image, icc)
    pixels = deep if deep is not None else _pixels(colours, path)
    how = orientation(image)
    dpi, xmp, notes = turned(dpi_of(image), how), xmp_of(image), tuple(_notes(image))
    if deep is None and (_deep_in_file(image) or (own is not None and own.is_deep is not None and own.is_deep(path))):
        notes += ("The picture has more than 8 bits; 8 bits were read.",)
    exif, lost = exif_of(image)  # takes the orientation out
    return Picture(
        pixels=upright(pixels, how),
        format=image.format or "",
        icc=icc,
        exif=exif,
        dpi=dpi,
        notes=(*notes, *lost),
        xmp=xmp,
        chunks=() if icc else chunks,
    )


def _foreign(own: Format, path: Path, size_only: bool) -> Picture:
    assert own.foreign is not None
    with _faults(path):
        return own.foreign(path, size_only)


@contextmanager
def _opened(path: Path) -> Generator[Image.Image, None, None]:
    """The file as Pillow opens it; raises PictureError, or _Foreign."""
    _check_file(path)
    with _faults(path):
        own = recognised(path)
        if own is not None and own.open is not None:
            with own.open(path) as image:
                check_claim(path, *image.size)
                yield image
            return
        try:
            opened = Image.open(path, formats=READ)
        except UnidentifiedImageError:
            if own is not None and own.foreign is not None:
                raise _Foreign(own) from None
            raise
        with opened as image:
            yield image


@contextmanager
def _faults(path: Path) -> Generator[None, None, None]:
    """Whatever Pillow raises becomes a PictureError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # large pictures are checked against the free memory instead
            yield
    except Image.DecompressionBombError as error:
        raise too_many(path) from error
    except UnidentifiedImageError as error:
        hint = f" For a video, use: pliant video {path.name}." if path.suffix.lower() in VIDEOS else ""
        raise PictureError(f"{path} is not a {titles()} picture, or it is damaged.{hint}") from error
    except MemoryError as error:
        raise PictureError(f"{path} needs more memory than there is; close other programs.") from error
    except (*DAMAGE, OverflowError, RuntimeError) as error:
        fault = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise PictureError(f"{path} is damaged ({fault}); get another copy of it.") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise PictureError(f"{path} is a folder; give the path of a picture.")
    if not path.exists():
        raise PictureError(f"There is no file {path}; give the path of a picture.")
    if not path.is_file():
        raise PictureError(f"{path} is not a regular file; give the path of a picture.")
    if path.stat().st_size == 0:
        raise PictureError(f"{path} is empty (0 bytes); get another copy of it.")


def _pixels(image: Image.Image, path: Path) -> Array:
    if image.mode.startswith("I"):
        levels = np.asarray(image)
        if levels.min() < 0 or levels.max() > 0xFFFF:
            raise PictureError(f"{path} has levels beyond 16 bits; convert it to 8 or 16 bits first.")
        deep = levels.astype(np.uint16)[..., None]
        return with_key(deep, image.info["transparency"]) if "transparency" in image.info else deep
    if image.mode not in _MODES:
        raise PictureError(f"{path} has pixels of kind {image.mode!r}; convert it to grey or RGB first.")
    mode = _MODES[image.mode]
    if "transparency" in image.info and not mode.endswith("A"):
        mode = "LA" if image.mode == "L" else "RGBA"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    check_finite(pixels, path)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _notes(image: Image.Image) -> Generator[str, None, None]:
    count = getattr(image, "n_frames", 1)
    if image.format in ("TIFF", "HEIF") and count > 1:
        what = "pages" if image.format == "TIFF" else "pictures"
        which = "the first" if image.format == "TIFF" else "the main one"
        yield f"The file has {count} {what}; only {which} is used."
    elif image.format != "MPO" and count > 1:
        yield FIRST_ONLY
    if image.mode == "CMYK":
        yield "The CMYK colours were converted to RGB."


def _deep_in_file(image: Any) -> bool:
    """Whether a TIFF has more bits than Pillow gives."""
    bits = image.tag_v2.get(258, (8,)) if image.format == "TIFF" else (8,)
    return image.mode not in ("F", "I") and max(bits if isinstance(bits, tuple) else (bits,)) > 8
