"""Pictures with everything that can go with them, and other programs' word on what a file holds."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

ORIENTATION = 0x0112
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'xmlns:xmp="http://ns.adobe.com/xap/1.0/" tiff:Orientation="6" tiff:ImageWidth="24" xmp:Rating="4"/>'
    b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
# x and y of white, red, green and blue of Display P3, and a gamma of 1.8
WIDE = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
GAMMA = struct.pack(">I", round(100_000 / 1.8))


@cache
def srgb() -> bytes:
    """A profile of sRGB; always the same, for littleCMS puts the time into each that it makes."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def wide() -> bytes:
    """A profile that is not sRGB."""
    from pliant.media.icc import of_png

    profile = of_png(((b"gAMA", GAMMA), (b"cHRM", WIDE)), grey=False)
    assert profile is not None
    return profile


def exif(orientation: int = 1) -> Image.Exif:
    """EXIF with an orientation, a description, the time of the picture and a place."""
    block = Image.Exif()
    block[ORIENTATION], block[0x010E], block[0x0110] = orientation, "a description", "a camera"
    block[0x8769] = {0x9003: "2026:11:24 06:00:00", 0x829A: 0.004, 0xA002: 7}
    return block


def noise(height: int, width: int, channels: int, dtype: str = "uint8", seed: int = 0) -> np.ndarray[Any, Any]:
    """Blocks of 4 x 4 pixels of random levels [h, w, c], that an encoder with loss keeps nearly."""
    rng = np.random.default_rng(seed)
    shape = (-(-height // 4), -(-width // 4), channels)
    small = rng.random(shape, np.float32) if dtype == "float32" else rng.integers(0, np.iinfo(dtype).max, shape, dtype)
    return np.kron(small, np.ones((4, 4, 1), small.dtype))[:height, :width]


def exiftool(path: Path) -> dict[str, Any]:
    """What exiftool reads, by names such as "IFD0:Model"; skips the test where it is not installed."""
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    made = subprocess.run(["exiftool", "-j", "-G1", "-n", str(path)], capture_output=True, check=True, timeout=60)
    return json.loads(made.stdout)[0]


def identify(path: Path, form: str) -> list[str]:
    """What ImageMagick says, a line for each frame; skips the test where it is not installed."""
    if shutil.which("identify") is None:
        pytest.skip("ImageMagick is not installed")
    made = subprocess.run(["identify", "-format", f"{form}\n", str(path)], capture_output=True, check=True, timeout=60)
    return made.stdout.decode().splitlines()


def pixels_by_magick(path: Path, kind: str, depth: int = 16) -> np.ndarray[Any, Any]:
    """The pixels as ImageMagick reads them, [h, w, c] of "RGBA", "RGB" or "gray"."""
    if shutil.which("convert") is None:
        pytest.skip("ImageMagick is not installed")
    made = subprocess.run(
        ["convert", f"{path}[0]", "-depth", str(depth), "-endian", "LSB", f"{kind}:-"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    width, height = (int(side) for side in identify(path, "%w %h")[0].split())
    values = np.frombuffer(made.stdout, "<u2" if depth == 16 else np.uint8)
    return values.reshape(height, width, {"RGBA": 4, "RGB": 3, "gray": 1}[kind])
