"""HEIF, as telephones write it: read and written by libheif. 8 bits are written."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pliant.errors import MissingExtra
from pliant.media.formats._pillow import as_image, metadata
from pliant.media.formats.base import Format
from pliant.media.picture import Array, Picture

BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
OTHERS = {b"avif", b"avis"}


def recognise(beginning: bytes) -> bool:
    """See `Format.recognise`: a box `ftyp` that names HEIF and not AVIF, which has the same container."""
    if beginning[4:8] != b"ftyp":
        return False
    end = min(len(beginning), int.from_bytes(beginning[:4], "big"))
    brands = {beginning[8:12], *(beginning[at : at + 4] for at in range(16, end - 3, 4))}
    return bool(brands & BRANDS) and not brands & OTHERS


def open_heif(path: Path) -> Image.Image:
    """See `Format.open`. Pillow is not told of the plug-in: that would change it for the whole program."""
    return _package("Reading").HeifImageFile(path)


def deep(image: Image.Image, path: Path) -> Array | None:
    """See `Format.deep`: 10 and 12 bits become 16."""
    if int(image.info.get("bit_depth") or 8) <= 8:
        return None
    pictures = import_module("pillow_heif").open_heif(path, convert_hdr_to_8bit=False)
    pixels = np.asarray(pictures[pictures.primary_index])
    return pixels[..., None] if pixels.ndim == 2 else pixels


def needs() -> None:
    """See `Format.needs`."""
    _package("Writing")


def encode(picture: Picture, target: Format) -> bytes:
    """See `Format.encode`."""
    image, file = as_image(picture.pixels), BytesIO()
    image.info.update(metadata(picture))
    import_module("pillow_heif").from_pillow(image).save(file, **target.options)
    return file.getvalue()


def _package(what: str) -> Any:
    try:
        return import_module("pillow_heif.as_plugin")
    except ImportError as error:
        raise MissingExtra(f"{what} HEIF pictures", "pillow-heif", "heif") from error


# x265 rounds sides up to whole blocks of 8, and its limit is below 65,536; the area is what libheif reads
FORMAT = Format(
    "HEIF",
    "HEIF",
    (".heic", ".heif", ".hif"),
    65_528,
    (1, 3, 4),
    holds=frozenset({"icc", "exif", "xmp"}),
    area=2**30,
    options={"quality": 90, "chroma": 444},
    needs=needs,
    encode=encode,
    recognise=recognise,
    open=open_heif,
    deep=deep,
)
