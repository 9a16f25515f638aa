"""TIFF files that Pillow cannot read, by libvips: floats of several channels, 16 bits of grey and alpha."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pliant.errors import MissingExtra, PictureError
from pliant.media.metadata import DAMAGE, kept_exif, turned, upright_xmp
from pliant.media.picture import Picture
from pliant.media.pixels import check_claim, check_finite, separated, upright

DEPTHS: dict[str, Any] = {"uchar": np.uint8, "ushort": np.uint16, "float": np.float32, "double": np.float32}
COLOURS = ("b-w", "grey16", "rgb", "srgb", "rgb16", "scrgb")
INCH = 25.4  # millimetres
EXTRA, ASSOCIATED = 338, 1  # a TIFF tag, and what it says of colours that are multiplied by alpha


def read(path: Path, size_only: bool) -> Picture:
    """See `Format.foreign`. Raises PictureError, and MissingExtra without pyvips."""
    pyvips = _package()
    try:
        image = pyvips.Image.new_from_file(str(path), access="sequential", fail_on="error")
        check_claim(path, image.width, image.height)
        _check_kind(image, path)
        return _picture(image, path, size_only)
    except pyvips.Error as error:
        fault = " ".join(str(error).split()).rstrip(".")
        raise PictureError(f"{path} is damaged ({fault}); get another copy of it.") from error


def _package() -> Any:
    try:
        return import_module("pyvips")
    except (ImportError, OSError) as error:
        raise MissingExtra("Reading a TIFF picture of this kind", "pyvips", "vips") from error


def _check_kind(image: Any, path: Path) -> None:
    if image.interpretation not in COLOURS or image.format not in DEPTHS or not 1 <= image.bands <= 4:
        raise PictureError(
            f"{path} has {image.bands} channels of kind {image.interpretation} ({image.format}); convert it to grey "
            "or RGB of 8 or 16 bits or float first."
        )


def _picture(image: Any, path: Path, size_only: bool) -> Picture:
    how = image.get("orientation") if "orientation" in image.get_fields() else 1
    if size_only:
        sides = (image.width, image.height) if how >= 5 else (image.height, image.width)
        return Picture(np.broadcast_to(np.uint8(0), (*sides, image.bands)), "TIFF")
    pixels = image.numpy().astype(DEPTHS[image.format], copy=False).reshape(image.height, image.width, image.bands)
    check_finite(pixels, path)
    exif, associated = _tags(path)
    pixels = separated(pixels) if associated and image.bands in (2, 4) else pixels
    dpi = (image.xres * INCH, image.yres * INCH)
    return Picture(
        pixels=upright(pixels, how),
        format="TIFF",
        icc=_field(image, "icc-profile-data"),
        exif=exif,
        dpi=turned(dpi, how) if min(dpi) > INCH else None,  # one pixel for each millimetre is said of none
        notes=_notes(image),
        xmp=upright_xmp(packet) if (packet := _field(image, "xmp-data")) else None,
    )


def _notes(image: Any) -> tuple[str, ...]:
    pages = image.get("n-pages") if "n-pages" in image.get_fields() else 1
    return (f"The file has {pages} pages; only the first is used.",) if pages > 1 else ()


def _field(image: Any, name: str) -> bytes | None:
    return bytes(image.get(name)) if name in image.get_fields() else None


def _tags(path: Path) -> tuple[bytes | None, bool]:
    """The EXIF block, and whether the colours are multiplied by alpha: libvips tells neither."""
    exif = Image.Exif()
    try:
        with path.open("rb") as file:
            exif.load_from_fp(file)
            extra: Any = exif.get(EXTRA, ())
            associated = extra == ASSOCIATED or (isinstance(extra, tuple) and ASSOCIATED in extra)
            return kept_exif(exif, tagged=True), associated
    except DAMAGE:
        return None, False
