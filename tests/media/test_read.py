from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from pliant.errors import PictureError
from pliant.media.read import read_picture, read_size
from tests.support import gradient, save

ORIENTATION = 0x0112
FLAT = gradient(7, 5)
FIRST = {mode: int(np.asarray(Image.fromarray(FLAT).convert(mode))[0, 0]) for mode in ("L", "P")}


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION], exif[0x010E] = orientation, "a description"
    return exif


@pytest.mark.parametrize(
    ("mode", "channels", "dtype"),
    [("RGB", 3, "uint8"), ("RGBA", 4, "uint8"), ("L", 1, "uint8"), ("LA", 2, "uint8"), ("I;16", 1, "uint16")],
)
def test_pixels_are_as_stored(tmp_path: Path, mode: str, channels: int, dtype: str) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (5, 7, channels), dtype, endpoint=True)
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").mode == mode
    picture = read_picture(tmp_path / "a.png")
    assert picture.pixels.dtype == dtype
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert (picture.size, picture.format, picture.notes) == ((7, 5), "PNG", ())


@pytest.mark.parametrize(
    ("mode", "options", "channels"),
    [
        ("1", {}, 1),
        ("P", {}, 3),
        ("P", {"transparency": FIRST["P"]}, 4),
        ("P", {"transparency": bytes(range(256))}, 4),
        ("L", {"transparency": FIRST["L"]}, 2),
        ("RGB", {"transparency": (20, 30, 0)}, 4),
    ],
)
def test_other_kinds_are_converted_as_pillow_does(tmp_path: Path, mode: str, options: dict, channels: int) -> None:
    path = save(tmp_path, "a.png", FLAT, mode, **options)
    pixels = read_picture(path).pixels
    wanted = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    expected = np.asarray(Image.open(path).convert(wanted))
    np.testing.assert_array_equal(pixels, expected.reshape(pixels.shape))
    if channels in (2, 4):
        assert len(np.unique(pixels[..., -1])) > 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_pictures_are_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    path = save(tmp_path, f"a.{suffix}", FLAT, exif=_exif(orientation))
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, expected)
    assert read_size(path)[:2] == picture.size
    assert picture.exif is not None
    exif = Image.Exif()
    exif.load(picture.exif)
    assert ORIENTATION not in exif
    assert exif[0x010E] == "a description"


def test_profile_and_resolution(tmp_path: Path) -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = read_picture(save(tmp_path, "a.jpg", FLAT, icc_profile=icc, dpi=(300, 200)))
    assert (picture.icc, picture.dpi) == (icc, (300, 200))


def test_exif_does_not_claim_the_size_of_the_source(tmp_path: Path) -> None:
    exif = _exif(1)
    exif[0x8769] = {0xA002: 7, 0xA003: 5, 0x9003: "2026:11:24 06:00:00"}
    picture = read_picture(save(tmp_path, "a.jpg", FLAT, exif=exif))
    kept = Image.Exif()
    kept.load(picture.exif or b"")
    assert dict(kept.get_ifd(0x8769)) == {0x9003: "2026:11:24 06:00:00"}


def test_damaged_exif_does_not_stop_a_picture(tmp_path: Path) -> None:
    picture = read_picture(save(tmp_path, "a.jpg", FLAT, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\0\1"))
    assert picture.size == (7, 5)


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    picture = read_picture(save(tmp_path, "a.jpg", np.full((8, 8, 3), (200, 30, 60), np.uint8), "CMYK"))
    assert np.abs(picture.pixels.astype(int) - (200, 30, 60)).max() < 8
    assert picture.icc is None
    assert picture.notes == ("The CMYK colours were converted to RGB.",)


def test_only_the_first_frame(tmp_path: Path) -> None:
    frames = [Image.fromarray(FLAT), Image.fromarray(FLAT[::-1].copy())]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    picture = read_picture(tmp_path / "a.webp")
    np.testing.assert_array_equal(picture.pixels[..., :3], FLAT)
    assert picture.notes == ("The picture is animated; only the first frame is used.",)


def test_a_camera_that_writes_several_jpegs_in_one(tmp_path: Path) -> None:
    frames = [Image.fromarray(FLAT)] * 2
    frames[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=frames[1:])
    picture = read_picture(tmp_path / "a.jpg")
    assert (picture.format, picture.notes) == ("MPO", ())


def test_content_counts_and_not_the_suffix(tmp_path: Path) -> None:
    Image.fromarray(FLAT).save(tmp_path / "a.jpg", "PNG")
    assert read_picture(tmp_path / "a.jpg").format == "PNG"


def _refused(path: Path, message: str) -> None:
    for read in (read_picture, read_size):
        with pytest.raises(PictureError, match=message) as caught:
            read(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    _refused(tmp_path / "a.png", "There is no file")
    _refused(tmp_path, "is a folder")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello", "is not a PNG"),
        (b"\x89PNG\r\n\x1a\n\0\0", "damaged"),
        (b"%!PS-Adobe", "not a PNG"),
    ],
)
def test_what_is_no_picture(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    _refused(tmp_path / "a.png", message)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "gif"])
def test_half_a_picture(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    path = save(tmp_path, f"a.{suffix}", noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PictureError, match=r"damaged"):
        read_picture(path)


def test_a_bomb(tmp_path: Path) -> None:
    from pliant.media.png16 import chunk

    header = chunk(b"IHDR", bytes.fromhex("0000ea600000ea600802000000"))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b""))
    _refused(tmp_path / "a.png", "claims to have more than 178 MP")


@given(st.data())
def test_damage_anywhere_is_refused_or_read(data: st.DataObject) -> None:
    """No other exception escapes, whatever the bytes."""
    import tempfile

    kind = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "BMP", "GIF"]))
    buffer = BytesIO()
    options = {"exif": _exif(6)} if kind in ("PNG", "JPEG", "WEBP") else {}
    Image.fromarray(FLAT).save(buffer, kind, **options)
    content = bytearray(buffer.getvalue())
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=5)):
        content[at] = byte
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            read_size(Path(file.name))
            picture = read_picture(Path(file.name))
        except PictureError:
            return
        assert picture.pixels.ndim == 3
