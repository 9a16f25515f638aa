"""What stands in a picture file beside the pixels: EXIF, XMP, resolution, and what PNG says about colours."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path
from typing import Any

from PIL import Image

from pliant.media.picture import Chunks

# what Pillow raises on damaged files, by format and place: a PNG chunk, a deflate stream, a TIFF header in EXIF
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)

ORIENTATION, WIDTH, HEIGHT, DETAILS, PLACE = 0x0112, 0xA002, 0xA003, 0x8769, 0x8825  # EXIF tags
ACROSS, DOWN, UNIT, INCHES = 0x011A, 0x011B, 0x0128, 2  # resolution in EXIF
# what describes a picture among the tags of a TIFF file; the others tell how its pixels are stored
DESCRIBING = {0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298, DETAILS, PLACE}
COLOURS = (b"cICP", b"sRGB", b"gAMA", b"cHRM")  # PNG chunks, by precedence; each is short
LONGEST = 64  # bytes of such a chunk
TURNING = ("TIFF", "HEIF")  # are upright when they are decoded
XMP_KEYS = ("xmp", "XML:com.adobe.xmp", "XML:com.adobe.xmp\0")

_UPRIGHT = (
    (re.compile(rb"""(tiff:Orientation\s*=\s*["'])\s*[0-9]+\s*(["'])"""), rb"\g<1>1\g<2>"),
    (re.compile(rb"(<tiff:Orientation>)\s*[0-9]+\s*(</tiff:Orientation>)"), rb"\g<1>1\g<2>"),
)
_SIZES = rb"(?:exif:Pixel[XY]Dimension|tiff:ImageWidth|tiff:ImageLength)"
_STALE = (
    re.compile(rb"\s" + _SIZES + rb"""\s*=\s*["'][0-9]*["']"""),
    # only one way to match blanks: two would be tried in all combinations
    re.compile(rb"<(" + _SIZES + rb")>\s*(?:[0-9]+\s*)?</\1>\s*"),
)


def orientation(image: Image.Image) -> int:
    """As EXIF says, or XMP without it; 1, upright, for formats that turn their pixels when they are decoded."""
    told = {"exif", *XMP_KEYS} & set(image.info)  # asking a PNG that has it further back would decode the picture
    if not told or image.format in TURNING:
        return 1
    try:
        exif = _exif_alone(image) if image.format == "AVIF" else image.getexif()
        found = int(exif.get(ORIENTATION, 1))
    except DAMAGE:
        return 1
    return found if 1 <= found <= 8 else 1


def _exif_alone(image: Image.Image) -> Image.Exif:
    """Without what XMP says: in AVIF the container counts, which Pillow puts into EXIF."""
    exif = Image.Exif()
    exif.load(image.info.get("exif", b""))
    return exif


def exif_of(image: Image.Image) -> tuple[bytes | None, list[str]]:
    """The EXIF block without orientation and size, which the result changes, and a sentence if it is damaged."""
    tagged = image.format == "TIFF"
    if "exif" not in image.info and not tagged:
        return None, []
    try:
        return kept_exif(image.getexif(), tagged), []
    except (*DAMAGE, OverflowError):
        return None, ["The EXIF data is damaged and was left out."]


def kept_exif(exif: Image.Exif, tagged: bool) -> bytes | None:
    """What a result has of `exif`, which is changed. `tagged` says whether it is all tags of a TIFF file."""
    for tag in [tag for tag in exif if tag == ORIENTATION or (tagged and tag not in DESCRIBING)]:
        del exif[tag]
    if DETAILS in exif:
        details = exif.get_ifd(DETAILS)
        for tag in (WIDTH, HEIGHT):
            details.pop(tag, None)
    return exif.tobytes() if len(exif) else None


def with_resolution(exif: bytes | None, dpi: tuple[float, float]) -> bytes:
    """`exif` with the resolution, for formats that have no other place for it. Raises what Pillow raises."""
    block = Image.Exif()
    if exif is not None:
        block.load(exif)
    block[ACROSS], block[DOWN], block[UNIT] = *dpi, INCHES
    return block.tobytes()


def xmp_of(image: Image.Image) -> bytes | None:
    """The XMP packet of a loaded picture, which says upright and claims no size."""
    found = next((image.info[key] for key in XMP_KEYS if image.info.get(key)), None)
    if isinstance(found, str):
        found = found.encode()
    return upright_xmp(bytes(found)) if isinstance(found, (bytes, bytearray)) else None


def upright_xmp(packet: bytes) -> bytes:
    """`packet` in UTF-8 with orientation 1, and without the size of the picture."""
    for pattern, replacement in _UPRIGHT:
        packet = pattern.sub(replacement, packet)
    for pattern in _STALE:
        packet = pattern.sub(b"", packet)
    return packet.rstrip(b"\0")


def dpi_of(image: Image.Image) -> tuple[float, float] | None:
    """Pixels per inch across and down, as the format or EXIF says."""
    try:
        told = image.info.get("dpi")
        dpi: Any = _dpi_in(image.getexif()) if told is None and "exif" in image.info else told
        usable = isinstance(dpi, tuple) and len(dpi) == 2 and all(0 < float(side) < 1e6 for side in dpi)
        return (float(dpi[0]), float(dpi[1])) if usable and dpi is not None else None
    except (*DAMAGE, ZeroDivisionError, OverflowError):
        return None


def _dpi_in(exif: Any) -> tuple[float, float]:
    times = {INCHES: 1.0, INCHES + 1: 2.54}.get(exif.get(UNIT, INCHES), 0.0)  # the next unit is the centimetre
    return float(exif[ACROSS]) * times, float(exif[DOWN]) * times


def turned(dpi: tuple[float, float] | None, how: int) -> tuple[float, float] | None:
    """The resolution of a picture that was turned upright from orientation `how`."""
    return dpi if dpi is None or how < 5 else (dpi[1], dpi[0])


def png_colours(path: Path) -> Chunks:
    """The chunks of a PNG that say what its colours mean, in the order of the file."""
    found: list[tuple[bytes, bytes]] = []
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8 and head[4:] != b"IDAT":
            length = int.from_bytes(head[:4], "big")
            if head[4:] in COLOURS and length <= LONGEST:
                found.append((head[4:], file.read(length)))
                length = 0
            file.seek(length + 4, 1)
    return tuple(found)
