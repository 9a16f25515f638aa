"""TIFF: everything, 8 and 16 bits and floats, in strips; beyond 4 GiB as BigTIFF."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from pliant.media.formats._vips import read
from pliant.media.formats.base import Format
from pliant.media.picture import Array, Picture
from pliant.media.pixels import separated
from pliant.media.tiffstream import TiffStream

WHITE_IS_ZERO, PHOTOMETRIC = 0, 262  # a value of a tag, and the tag
BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
NATIVE, OTHER = ("L", "B") if sys.byteorder == "little" else ("B", "L")
KINDS = ("RGB;16", "RGBX;16", "RGBA;16", "RGBa;16")


def encode(picture: Picture, target: Format) -> bytes:
    """See `Format.encode`. One page, deflated, little-endian."""
    del target
    height, width, channels = picture.pixels.shape
    file = BytesIO()
    kept = (picture.icc, picture.exif, picture.dpi, picture.xmp)
    stream = TiffStream(file, (width, height), channels, picture.pixels.dtype, *kept)
    stream.write(picture.pixels)
    stream.close()
    return file.getvalue()


def recognise(beginning: bytes) -> bool:
    """See `Format.recognise`."""
    return beginning.startswith(BEGINNINGS)


def deep(image: Image.Image, path: Path) -> Array | None:
    """See `Format.deep`. Pillow keeps the high byte of colours of 16 bits; told the other byte order, the low one."""
    opened: Any = image
    way = str(opened.tile[0][3][0]) if opened.tile else ""
    if way.startswith("I;1"):
        return _grey(opened, way)
    if way[:-1] not in KINDS:
        return None
    kind = way[:-1].replace("a", "A")  # Pillow would divide by alpha when it has cut off the low byte
    order = NATIVE if way[-1] == "N" else way[-1]
    high, low = (_unpacked(path, f"{kind}{o}").astype(np.uint16) for o in (order, "B" if order == "L" else "L"))
    pixels = high << 8 | low
    return separated(pixels) if way.startswith("RGBa") else pixels


def _grey(opened: Any, way: str) -> Array:
    """Grey of 12 or 16 bits; Pillow leaves 12 bits as they are, and black and white as well."""
    white_is_zero = opened.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO
    levels = np.asarray(opened).astype(np.uint16)[..., None]
    if way == "I;12":
        levels = ((levels.astype(np.uint32) * 0xFFFF + 2047) // 4095).astype(np.uint16)
    return 0xFFFF - levels if white_is_zero else levels


def _unpacked(path: Path, way: str) -> Array:
    with Image.open(path, formats=["TIFF"]) as opened:
        image: Any = opened
        image.tile = [tile._replace(args=(way, *tile.args[1:])) for tile in image.tile]
        return np.asarray(image)


def foreign(path: Path, size_only: bool) -> Picture:
    """See `Format.foreign`."""
    return read(path, size_only)


def stream(file: BinaryIO, path: Path, *rest: Any) -> TiffStream:
    """See `Format.stream`."""
    del path
    return TiffStream(file, *rest)


FORMAT = Format(
    "TIFF",
    "TIFF",
    (".tif", ".tiff"),
    2**31 - 1,
    depths=("uint8", "uint16", "float32"),
    encode=encode,
    stream=stream,
    recognise=recognise,
    deep=deep,
    foreign=foreign,
)
