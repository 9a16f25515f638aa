"""PNG: 8 and 16 bits, still and moving. Everything but floats is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from pliant.media import png16, pngstream
from pliant.media.apng import animate
from pliant.media.formats.base import Format
from pliant.media.picture import Picture
from pliant.media.pngstream import PngStream


def encode(picture: Picture, target: Format) -> bytes:
    """See `Format.encode`."""
    del target
    return pngstream.encode(
        picture.pixels, picture.icc, picture.exif, picture.dpi, xmp=picture.xmp, chunks=picture.chunks
    )


def stream(file: BinaryIO, path: Path, *rest: Any) -> PngStream:
    """See `Format.stream`."""
    del path
    return PngStream(file, *rest)


FORMAT = Format(
    "PNG",
    "PNG",
    (".png", ".apng"),
    2**31 - 1,
    depths=("uint8", "uint16"),
    encode=encode,
    stream=stream,
    deep=png16.read_deep,
    animate=animate,
)
