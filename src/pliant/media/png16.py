"""Reading PNG pictures with 16 bits for each colour, of which Pillow reads 8; and the chunks of a PNG file.

Source: Portable Network Graphics Specification, third edition, https://www.w3.org/TR/png-3/, chapter 11.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray
from PIL import Image

from pliant.media.picture import Chunks

Array = NDArray[Any]
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # PNG's number, by number of channels
INCH = 0.0254  # metres
XMP_HEAD = b"XML:com.adobe.xmp\0\0\0\0\0"  # of a text chunk: not compressed, in no language

# how Pillow unpacks such a PNG -> ways to unpack its bytes instead, the high ones first
_UNPACKERS = {
    "RGB;16B": ("RGB;16B", "RGB;16L"),  # told to read little-endian, it keeps the low bytes
    "RGBA;16B": ("RGBA;16B", "RGBA;16L"),
    "LA;16B": ("RGBA",),  # four bytes for each pixel are as many
}


def read_deep(image: Image.Image, path: Path) -> Array | None:
    """The pixels of a PNG of 16 bits for each colour, uint16 [h, w, c]; None for any other picture.

    `image` is the file `path` as Pillow opened it, not loaded yet. A transparent colour becomes an alpha
    channel. Raises what Pillow raises on a damaged file.
    """
    found = _unpacker(image)
    key = image.info.get("transparency")
    if found not in _UNPACKERS:
        return None
    planes = [_unpacked(path, way).astype(np.uint16) for way in _UNPACKERS[found]]
    if found == "LA;16B":
        return planes[0][..., ::2] << 8 | planes[0][..., 1::2]
    pixels = planes[0] << 8 | planes[1]
    return pixels if key is None or found != "RGB;16B" else with_key(pixels, key)


def with_key(pixels: Array, key: Any) -> Array:
    """Grey or RGB of 16 bits with an alpha channel that is 0 where a pixel has the colour `key`."""
    seen = (pixels != np.asarray(key, np.uint16)).any(axis=2, keepdims=True)
    return np.concatenate([pixels, seen.astype(np.uint16) * 0xFFFF], axis=2)


def header(
    size: tuple[int, int],
    channels: int,
    bits: int,
    icc: bytes | None = None,
    exif: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    xmp: bytes | None = None,
    chunks: Chunks = (),
) -> bytes:
    """A PNG file up to its pixels; `size` is (width, height). `chunks` say what colours mean without `icc`."""
    found = [(b"IHDR", struct.pack(">IIBBBBB", *size, bits, COLOUR_TYPES[channels], 0, 0, 0)), *chunks]
    if icc is not None:
        found.append((b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc)))
    if dpi is not None:
        horizontal, vertical = (int(side / INCH + 0.5) for side in dpi)
        found.append((b"pHYs", struct.pack(">IIB", horizontal, vertical, 1)))
    if exif is not None:
        found.append((b"eXIf", exif.removeprefix(b"Exif\0\0")))
    if xmp is not None:
        found.append((b"iTXt", XMP_HEAD + xmp))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, content) for kind, content in found)


def _unpacker(image: Any) -> str:
    """The one that Pillow has planned for a PNG; "" for other pictures."""
    arguments = image.tile[0][3] if image.format == "PNG" and len(image.tile) == 1 else ""
    return arguments if isinstance(arguments, str) else ""


def _unpacked(path: Path, way: str) -> Array:
    with Image.open(path, formats=["PNG"]) as opened:
        image: Any = opened
        image.tile = [(*image.tile[0][:3], way)]
        return np.asarray(image)


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG file."""
    checksum = isal_zlib.crc32(content, isal_zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(content)), kind, content, struct.pack(">I", checksum)))
