from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pliant.media.png16 import chunk
from pliant.media.pngstream import encode
from pliant.media.read import read_picture


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_all_16_bits_come_back(tmp_path: Path, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 65535, (9, 14, channels), np.uint16, endpoint=True)
    (tmp_path / "a.png").write_bytes(encode(pixels))
    picture = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert picture.notes == ()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pillow_agrees_on_what_was_written(tmp_path: Path, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 65535, (9, 14, channels), np.uint16, endpoint=True)
    (tmp_path / "a.png").write_bytes(
        encode(pixels, icc=b"profile", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0", dpi=(300, 150))
    )
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        shown = np.asarray(image)
        assert image.info["icc_profile"] == b"profile"
        assert image.info["dpi"] == pytest.approx((300, 150), abs=0.02)
        assert image.info["exif"].endswith(b"MM\0*\0\0\0\x08\0\0")
    np.testing.assert_array_equal(shown, pixels[..., 0] if channels == 1 else pixels >> 8)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour_becomes_alpha(tmp_path: Path, channels: int) -> None:
    pixels = np.arange(3 * 4 * channels, dtype=np.uint16).reshape(3, 4, channels) * 1000
    key = pixels[1, 2]
    data = encode(pixels)
    at = data.index(b"IDAT") - 4
    (tmp_path / "a.png").write_bytes(data[:at] + chunk(b"tRNS", key.astype(">u2").tobytes()) + data[at:])
    result = read_picture(tmp_path / "a.png").pixels
    np.testing.assert_array_equal(result[..., :-1], pixels)
    assert (result[..., -1] == 0).nonzero() == ([1], [2])
    assert result[0, 0, -1] == 65535
