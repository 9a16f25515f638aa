"""Broken pictures of all formats that are read: a sentence or a picture each, soon, and in little memory."""

from __future__ import annotations

import signal
import struct
import threading
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from time import perf_counter
from types import FrameType

import numpy as np
import pytest
from PIL import Image, features

from pliant.errors import PliantError
from pliant.imaging.memory import forget_peak, peak, resident
from pliant.media.formats import by_name
from pliant.media.picture import Picture
from pliant.media.png16 import chunk
from pliant.media.pngstream import encode
from pliant.media.read import read_picture, read_size
from pliant.media.write import write_picture
from tests.media.samples import XMP, exif, noise, srgb

EACH = 27  # broken versions of each sample
SECONDS = 10.0
GROWTH = 400 << 20  # bytes; a header that lies may make a decoder reserve memory, but not fill it
HUGE = 60_000  # pixels of a side that a bomb claims


def _samples(folder: Path) -> Iterator[tuple[str, bytes]]:
    rgb, metadata = Image.fromarray(noise(24, 33, 3)), {"exif": exif(6), "icc_profile": srgb(), "xmp": XMP}
    frames = [Image.fromarray(noise(24, 33, 4, seed=k)) for k in range(3)]
    moving = {"save_all": True, "append_images": frames[1:], "duration": 50}
    for name, image, options in (
        ("PNG", rgb, {}),
        ("PNG", frames[0], moving),
        ("JPEG", rgb, metadata),
        ("JPEG", rgb.convert("CMYK"), metadata),
        ("JPEG", rgb, {"progressive": True}),
        ("WEBP", rgb, metadata),
        ("WEBP", frames[0], moving),
        ("GIF", rgb, {}),
        ("GIF", frames[0], moving),
        ("BMP", rgb, {}),
        ("TIFF", rgb, {"compression": "tiff_lzw"}),
        *([("AVIF", rgb, metadata)] if features.check("avif") else []),
    ):
        file = BytesIO()
        image.save(file, name, **options)
        yield f"{name}{'-moving' if 'save_all' in options else ''}", file.getvalue()
    yield "PNG-16", encode(noise(24, 33, 4, "uint16"), srgb(), exif(3).tobytes(), xmp=XMP)
    for name, dtype in (("tiff", "uint16"), ("tiff", "float32"), ("heif", "uint8")):
        if name == "heif":
            pytest.importorskip("pillow_heif")
        write_picture(Picture(noise(24, 33, 3, dtype), ""), folder / "sample", by_name(name))
        yield f"{name}-{dtype}", (folder / "sample").read_bytes()


def _broken(data: bytes, rng: np.random.Generator) -> bytes:
    """Flipped bits, a cut, a piece that is missing or there twice, or numbers of the header that are others."""
    changed = bytearray(data)
    kind = rng.integers(0, 5)
    if kind == 0:
        for at in rng.integers(0, len(data), rng.integers(1, 9)):
            changed[at] ^= 1 << rng.integers(0, 8)
    elif kind == 1:
        del changed[rng.integers(1, len(data)) :]
    elif kind == 2:
        at, length = rng.integers(0, len(data)), rng.integers(1, 64)
        del changed[at : at + length]
    elif kind == 3:
        at, length = rng.integers(0, len(data)), rng.integers(1, 64)
        changed[at:at] = changed[at : at + length]
    else:
        at = rng.integers(0, min(200, len(data) - 4))
        changed[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\xff\xff"])
    return bytes(changed)


def _png(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)


def _bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that claim to be, or become, something huge."""
    zeros = zlib.compress(bytes(50 << 20), 9)
    yield "PNG", _png(HUGE, HUGE) + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")
    yield "PNG-16", _png(HUGE, HUGE, 16, 6) + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")
    small = chunk(b"IDAT", zlib.compress(bytes(4))) + chunk(b"IEND", b"")
    yield "PNG-profile", _png(1, 1) + chunk(b"iCCP", b"x\0\0" + zeros) + small
    yield "PNG-text", _png(1, 1) + chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros) + small
    yield "PNG-too-much", _png(1, 1) + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")
    yield (
        "GIF",
        b"GIF89a" + struct.pack("<HHBBB", HUGE, HUGE, 0, 0, 0) + b"," + struct.pack("<4HB", 0, 0, HUGE, HUGE, 0),
    )
    yield "BMP", b"BM" + bytes(8) + struct.pack("<IIiiHHIIiiII", 54, 40, HUGE, HUGE, 1, 24, 0, 0, 0, 0, 0, 0)
    for order, kind in (("<", b"II*\0"), (">", b"MM\0*")):
        tags = [(256, 4, HUGE), (257, 4, HUGE), (258, 3, 16), (262, 3, 2), (277, 3, 3), (273, 4, 8), (279, 4, 100)]
        entries = [
            struct.pack(f"{order}HHI", tag, t, 1)
            + struct.pack(f"{order}I" if t == 4 else f"{order}HH", *([n] if t == 4 else [n, 0]))
            for tag, t, n in sorted(tags)
        ]
        yield "TIFF", kind + struct.pack(f"{order}IH", 8, len(entries)) + b"".join(entries) + bytes(104)
    file = BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG")
    data = bytearray(file.getvalue())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", HUGE, HUGE)
    yield "JPEG", bytes(data)
    file = BytesIO()
    Image.new("RGB", (64, 64)).save(file, "WEBP", lossless=True)
    yield "WEBP", file.getvalue()[:21] + b"\xff\xff\xff\x0f" + file.getvalue()[25:]


class TooLong(BaseException):
    """Reading took longer than it may."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooLong(f"after {SECONDS:g} s")


def _read(path: Path) -> str:
    """What came of it; only a PliantError of one sentence may be raised."""
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        read_size(path)
        picture = read_picture(path, moving=True)
        for frame in picture.motion.frames() if picture.motion else [picture.pixels]:
            assert frame.shape == picture.pixels.shape
        return "read"
    except PliantError as error:
        return "refused" if str(error).endswith(".") and "\n" not in str(error) else str(error)
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.setitimer(signal.ITIMER_REAL, 0)


def test_hundreds_of_broken_pictures(tmp_path: Path) -> None:
    rng = np.random.default_rng(20_261_128)
    found = {"read": 0, "refused": 0}
    samples = list(_samples(tmp_path))
    for _, data in samples:  # libraries that load on first use are not growth
        (tmp_path / "a").write_bytes(data)
        assert _read(tmp_path / "a") == "read"
    before = resident()
    forget_peak()
    for name, data in samples:
        for k in range(EACH):
            (tmp_path / "a").write_bytes(_broken(data, rng))
            started = perf_counter()
            found[_read(tmp_path / "a")] += 1
            assert perf_counter() - started < SECONDS, f"{name} {k}"
    assert sum(found.values()) >= 200
    assert min(found.values()) > 40
    highest = peak()
    if before is not None and highest is not None:
        assert highest - before < GROWTH


@pytest.mark.parametrize(("name", "data"), list(_bombs()), ids=[name for name, _ in _bombs()])
def test_bombs(tmp_path: Path, name: str, data: bytes) -> None:
    """None is unpacked: what is beyond 178 MP is refused by its header, and so is text that becomes long."""
    (tmp_path / "a").write_bytes(data)
    before = resident()
    forget_peak()
    expected = ("refused", "read") if name in ("PNG-too-much", "PNG-profile") else ("refused",)
    assert _read(tmp_path / "a") in expected
    highest = peak()
    if before is not None and highest is not None:
        assert highest - before < GROWTH // 4
