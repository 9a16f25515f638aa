"""Files that look like pictures and are something else, or more than they seem."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, PngImagePlugin

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *more: bytes, data: bytes | None = None) -> bytes:
    """Grey, 8 bits; `more` are chunks before the pixels, `data` what is compressed in place of them."""
    pixels = bytes((width + 1) * height) if data is None else data
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return PNG + head + b"".join(more) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def bomb(size: int) -> bytes:
    """So many zeros, compressed a thousand times."""
    return zlib.compress(bytes(size), 9)


def gif(width: int, height: int, frames: int) -> bytes:
    """Frames of one pixel on a large ground; each takes 15 bytes."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


def apng(frames: int) -> bytes:
    """Says that it has so many frames."""
    return png(
        8,
        8,
        chunk(b"acTL", struct.pack(">II", frames, 0)),
        chunk(b"fcTL", struct.pack(">5IHHBB", 0, 8, 8, 0, 0, 1, 1, 0, 0)),
    )


def tiff(*entries: tuple[int, int, int, int], pages: int = 1, loop: bool = False) -> bytes:
    """Grey, 8 x 8; `entries` (tag, kind, count, value) replace those of a good one. All `pages` share the pixels."""
    usual = [(256, 3, 1, 8), (257, 3, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    usual += [(277, 3, 1, 1), (278, 3, 1, 8), (279, 4, 1, 64)]
    known = {entry[0]: entry for entry in (*usual, *entries)}
    body = struct.pack("<H", len(known)) + b"".join(struct.pack("<HHII", *known[tag]) for tag in sorted(known))
    first, length = 8 + 64, len(body) + 4
    file = b"II*\0" + struct.pack("<I", first) + bytes(range(64))
    for k in range(pages):
        after = first + (k + 1) * length if k + 1 < pages else (first if loop else 0)
        file += body + struct.pack("<I", after)
    return file


def overlapping() -> bytes:
    """Directories of 65,535 entries each, which lie over each other."""
    file = bytearray(1 << 21)
    file[:8] = b"II*\0" + struct.pack("<I", 8)
    for at in range(8, 2_000, 16):
        file[at : at + 2] = b"\xff\xff"
        behind = at + 2 + 12 * 0xFFFF
        file[behind : behind + 4] = struct.pack("<I", at + 16)
    return bytes(file)


def jpeg(scans: int) -> bytes:
    """A progressive JPEG whose last pass is repeated."""
    file = io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


def with_xmp(packet: str) -> bytes:
    file, said = io.BytesIO(), PngImagePlugin.PngInfo()
    said.add_itxt("XML:com.adobe.xmp", packet)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(file, "PNG", pnginfo=said)
    return file.getvalue()


def webp_with_exif(exif: bytes) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(file, "WEBP", exif=exif)
    return file.getvalue()


MANY = 0xFFFFFFFF
EXIF_OF_MANY = (
    b"Exif\0\0II*\0\x08\0\0\0"
    + struct.pack("<H", 3)
    + b"".join(struct.pack("<HHII", tag, 4, MANY, 8) for tag in (0x010F, 0x0112, 0x8769))
    + struct.pack("<I", 8)
)

# name -> the file and the status
PICTURES: dict[str, tuple[bytes, int]] = {
    "png that claims 3,600 MP": (png(60_000, 60_000, data=b""), 413),
    "png of the largest sides": (png(2**31 - 1, 2**31 - 1, data=b""), 413),
    "png that claims 70 MP": (png(7_000, 10_000, data=b""), 413),
    "png of no pixels": (png(0, 8, data=b""), 415),
    "png with more in it than pixels": (png(8, 8, data=bytes(1 << 26)), 200),
    "png whose profile is a bomb": (png(8, 8, chunk(b"iCCP", b"a\0\0" + bomb(1 << 26))), 415),
    "png whose text is a bomb": (png(8, 8, chunk(b"zTXt", b"a\0\0" + bomb(1 << 26))), 415),
    "png whose other text is a bomb": (png(8, 8, chunk(b"iTXt", b"a\0\1\0\0\0" + bomb(1 << 26))), 415),
    "png with many texts": (png(8, 8, *[chunk(b"zTXt", b"a\0\0" + bomb(1 << 20))] * 80), 415),
    "png with many chunks": (png(8, 8, *[chunk(b"teSt", b"")] * 100_000), 413),
    "png with a chunk of 2 GB": (PNG + struct.pack(">I", 2**31 - 1) + b"IHDR", 415),
    "png of a million frames": (apng(1_000_000), 413),
    "gif of 10,000 frames": (gif(1, 1, 10_000), 413),
    "gif of 30 large frames": (gif(2_000, 2_000, 30), 413),
    "gif whose blocks do not end": (gif(1, 1, 1)[:-2] + b"\xff" * 999, 200),
    "gif with a long comment": (gif(1, 1, 1)[:19] + b"!\xfe" + (b"\xff" + b"a" * 255) * 9_000 + gif(1, 1, 1)[19:], 413),
    "gif with many comments": (gif(1, 1, 1)[:19] + b"!\xfe\x01a\0" * 300_000 + gif(1, 1, 1)[19:], 413),
    "tiff whose strips lie beyond the file": (tiff((273, 4, 1, 2**32 - 1)), 415),
    "tiff whose strips are longer than the file": (tiff((279, 4, 1, 2**32 - 1)), 200),
    "tiff with 2^32 strips": (tiff((273, 4, MANY, 8), (279, 4, MANY, 8)), 415),
    "tiff that claims 1,000 MP": (tiff((256, 4, 1, 100_000), (257, 4, 1, 10_000)), 413),
    "tiff of 20,000 pages": (tiff(pages=20_000), 413),
    "tiff whose pages overlap": (overlapping(), 413),
    "tiff whose pages go round": (tiff(pages=3, loop=True), 200),
    "jpeg of 20,000 segments": (b"\xff\xd8" + b"\xff\xfe\0\2" * 20_000 + jpeg(0)[2:], 413),
    "jpeg of 10 passes": (jpeg(0), 200),
    "jpeg of 2,000 passes": (jpeg(2_000), 413),
    "xmp of many blanks": (with_xmp(f"<exif:PixelXDimension>{' ' * 200_000}"), 200),
    "exif with 2^32 values": (webp_with_exif(EXIF_OF_MANY), 200),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', 415),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\nshowpage\n", 415),
    "pdf": (b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n", 415),
    "zip": (b"PK\x03\x04" + bytes(100), 415),
    "html": (b"<!doctype html><script>alert(1)</script>", 415),
    "a program": (b"\x7fELF" + bytes(100), 415),
    "a script": (b"#!/bin/sh\ntouch /tmp/executed\n", 415),
    "python": (b"\x80\x04cos\nsystem\n(S'true'\ntR.", 415),
    "drawing commands": (b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/a'\npop graphic-context", 415),
    "a list of other files": (b"#EXTM3U\nfile:///etc/passwd\n", 415),
    "an icon": (b"\0\0\1\0\1\0" + bytes(16), 415),
    "null bytes": (bytes(100), 415),
}  # fmt: skip
