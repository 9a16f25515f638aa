from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pliant.errors import InputError, PictureError, UsageError
from pliant.media.formats import FORMATS, Format, by_name, by_suffix
from pliant.media.picture import Picture
from pliant.media.pixels import upright
from pliant.media.read import read_picture
from pliant.media.write import choose, write_picture
from tests.media.samples import XMP
from tests.support import gradient, save

RGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x0e\0\x02\0\0\0\x04abc\0\0\0\0\0"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return save(tmp_path, "face.png", gradient(4, 3))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_holds_everything(tmp_path: Path, channels: int, dtype: type) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (6, 5, channels), endpoint=True).astype(dtype)
    icc = RGB_PROFILE if channels > 2 else None
    notes = write_picture(Picture(pixels, "PNG", icc, EXIF, (300, 300)), tmp_path / "a.png", by_name("png"))
    back = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(back.pixels, pixels)
    assert (notes, back.icc, back.exif is not None) == ((), icc, True)
    assert back.dpi == pytest.approx((300, 300), abs=0.02)


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_lossy_formats_keep_colours_and_metadata(tmp_path: Path, name: str) -> None:
    pixels = gradient(64, 48)
    path = tmp_path / f"a.{name}"
    assert write_picture(Picture(pixels, "PNG", RGB_PROFILE, EXIF, (300, 300)), path, by_name(name)) == ()
    back = read_picture(path)
    assert np.abs(back.pixels.astype(int) - pixels).max() <= 6
    assert (back.icc, back.exif is not None) == (RGB_PROFILE, True)
    assert back.dpi == (300, 300)


def test_colours_of_a_jpeg_are_not_stored_at_half_size(tmp_path: Path) -> None:
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2], stripes[:, 1::2] = (220, 40, 40), (40, 40, 220)
    write_picture(Picture(stripes, "PNG"), tmp_path / "a.jpg", by_name("jpg"))
    assert np.abs(read_picture(tmp_path / "a.jpg").pixels.astype(int) - stripes).max() < 30


SMALL = [target for target in FORMATS if target.ceiling < 100_000]


@pytest.mark.parametrize("target", SMALL, ids=[target.title for target in SMALL])
def test_a_ceiling_is_what_the_format_really_stores(tmp_path: Path, target: Format) -> None:
    """A file one pixel longer is not written, or cannot be read again (libavif). HEIF needs some rows."""
    if target.title == "HEIF":
        pytest.importorskip("pillow_heif")
    rows = 64 if target.title == "HEIF" else 1
    write_picture(Picture(np.zeros((rows, target.ceiling, 3), np.uint8), "PNG"), tmp_path / "a", target)
    assert read_picture(tmp_path / "a").size == (target.ceiling, rows)
    with pytest.raises(PictureError, match=f"cannot be written as {target.title}|is not a PNG|is damaged"):
        _there_and_back(np.zeros((rows, target.ceiling + 1, 3), np.uint8), tmp_path / "b", target)


def _there_and_back(pixels: np.ndarray, path: Path, target: Format) -> Picture:
    write_picture(Picture(pixels, "PNG"), path, target)
    return read_picture(path)


def test_what_a_format_cannot_hold_is_said(tmp_path: Path) -> None:
    deep = Picture(np.full((4, 4, 2), 65535, np.uint16), "PNG", RGB_PROFILE, b"Exif\0\0" + bytes(70_000))
    notes = write_picture(deep, tmp_path / "a.jpg", by_name("jpg"))
    assert notes == (
        "JPEG has no 16-bit levels; 8 bits were written.",
        "JPEG has no transparency; the picture was put on white.",
        "The colour profile does not fit the pixels and was left out.",
        "The EXIF data is too long for a JPEG and was left out.",
    )
    assert Image.open(tmp_path / "a.jpg").mode == "L"


def test_transparency_is_put_on_white(tmp_path: Path) -> None:
    pixels = np.full((16, 16, 4), (0, 0, 0, 0), np.uint8)
    pixels[:, 8:, 3] = 128
    write_picture(Picture(pixels, "PNG"), tmp_path / "a.jpg", by_name("jpg"))
    back = read_picture(tmp_path / "a.jpg").pixels
    assert np.abs(back[:, :8].astype(int) - 255).max() <= 1
    assert np.abs(back[:, 8:].astype(int) - 127).max() <= 1


def test_grey_in_a_format_without_grey(tmp_path: Path) -> None:
    write_picture(Picture(gradient(8, 8, 2), "PNG"), tmp_path / "a.webp", by_name("webp"))
    assert Image.open(tmp_path / "a.webp").mode == "RGBA"


@pytest.mark.parametrize("name", ["png", ".PNG", "jpg", "JPEG", "webp"])
def test_names_of_formats(name: str) -> None:
    assert by_name(name) in FORMATS


def test_unknown_formats() -> None:
    offer = r"use \.png, \.jpg, \.webp, \.avif, \.bmp, \.dzi, \.gif, \.heic or \.tif"
    with pytest.raises(UsageError, match=f"'psd' is not written; {offer}"):
        by_name("psd")
    with pytest.raises(PictureError, match=r"a\.psd ends in '\.psd', which is not written"):
        by_suffix(Path("x/a.psd"))
    with pytest.raises(PictureError, match="a has no suffix"):
        by_suffix(Path("a"))


@pytest.mark.parametrize(
    ("destination", "kind", "name", "expected"),
    [
        (None, "PNG", None, "face_x4.png"),
        (None, "JPEG", None, "face_x4.jpg"),
        (None, "MPO", None, "face_x4.jpg"),
        (None, "GIF", None, "face_x4.gif"),
        (None, "PNG", "webp", "face_x4.webp"),
        ("folder", "PNG", None, "folder/face_x4.png"),
        ("b.JPG", "PNG", None, "b.JPG"),
        ("b.jpeg", "PNG", "jpg", "b.jpeg"),
        ("b", "PNG", "png", "b"),
    ],
)
def test_where_the_result_goes(
    source: Path, destination: str | None, kind: str, name: str | None, expected: str
) -> None:
    folder = source.parent
    (folder / "folder").mkdir()
    path, _ = choose(source, kind, folder / destination if destination else None, name, "x4")
    assert path == folder / expected


def test_a_suffix_and_a_format_that_differ(source: Path) -> None:
    with pytest.raises(UsageError, match=r"b\.png says PNG, but the format asked for is webp"):
        choose(source, "PNG", source.with_name("b.png"), "webp", "x4")


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_the_source_is_never_overwritten(source: Path, link: object) -> None:
    other = source.with_name("other.png")
    link(source, other)  # type: ignore[operator]
    for destination in (source, other, source.parent / "." / source.name):
        with pytest.raises(PictureError, match="is the source itself"):
            choose(source, "PNG", destination, None, "x4")
    with pytest.raises(PictureError, match="is the source itself"):
        choose(other, "PNG", source, None, "x4")


def test_a_folder_that_does_not_exist(source: Path) -> None:
    with pytest.raises(PictureError, match=r"There is no folder .*nowhere; create it"):
        choose(source, "PNG", source.parent / "nowhere" / "a.png", None, "x4")


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, "a.png", gradient(3, 3))
    before = path.read_bytes()

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(InputError, match="No space left"):
        write_picture(Picture(gradient(9, 9), "PNG"), path, by_name("png"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_that_only_xmp_tells(tmp_path: Path, orientation: int) -> None:
    pixels = gradient(7, 5)
    packet = XMP.replace(b'Orientation="6"', b'Orientation="%d"' % orientation)
    path = save(tmp_path, "a.png", pixels)
    write_picture(Picture(pixels, "PNG", xmp=packet), path, by_name("png"))
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, upright(pixels, orientation))
    assert picture.xmp is not None
    assert b'tiff:Orientation="1"' in picture.xmp
