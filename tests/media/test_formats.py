"""Depths, channels and metadata of each format, checked by other programs where they are installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pliant.errors import MissingExtra, PictureError
from pliant.media import read as reading
from pliant.media.fitting import fit_pixels
from pliant.media.formats import FORMATS, Format, by_name
from pliant.media.picture import Picture
from pliant.media.read import read_picture, read_size
from pliant.media.write import write_picture
from tests.media.samples import ORIENTATION, XMP, exif, exiftool, identify, noise, pixels_by_magick, srgb, wide

DEEP = [(dtype, channels) for dtype in ("uint8", "uint16", "float32") for channels in (1, 2, 3, 4)]
BY_PILLOW = [("uint8", 1), ("uint8", 2), ("uint8", 3), ("uint8", 4), ("uint16", 1), ("uint16", 3), ("uint16", 4)]


def _everything(pixels: np.ndarray[Any, Any], icc: bytes | None = None) -> Picture:
    block = exif()
    del block[ORIENTATION]
    return Picture(pixels, "TIFF", icc, block.tobytes(), (300.0, 150.0), xmp=XMP.replace(b'"6"', b'"1"'))


@pytest.mark.parametrize(("dtype", "channels"), DEEP)
def test_a_tiff_holds_everything(tmp_path: Path, dtype: str, channels: int) -> None:
    if (dtype, channels) not in (*BY_PILLOW, ("float32", 1)):
        pytest.importorskip("pyvips")
    pixels = noise(70, 50, channels, dtype)
    icc = wide() if channels > 2 else None
    assert write_picture(_everything(pixels, icc), tmp_path / "a.tif", by_name("tiff")) == ()
    back = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(back.pixels, pixels)
    assert back.pixels.dtype == dtype
    assert (back.icc, back.format, back.notes, read_size(tmp_path / "a.tif")) == (icc, "TIFF", (), (50, 70, "TIFF"))
    assert back.dpi == pytest.approx((300, 150), rel=1e-4)
    assert back.xmp is not None
    assert b'xmp:Rating="4"' in back.xmp
    kept = Image.Exif()
    kept.load(back.exif or b"")
    assert kept[0x0110] == "a camera"
    assert kept.get_ifd(0x8769)[0x9003] == "2026:11:24 06:00:00"


@pytest.mark.parametrize(("dtype", "channels"), [d for d in DEEP if d[1] != 2])
def test_a_tiff_as_others_read_it(tmp_path: Path, dtype: str, channels: int) -> None:
    pixels = noise(70, 50, channels, dtype)
    write_picture(_everything(pixels, wide() if channels > 2 else None), tmp_path / "a.tif", by_name("tiff"))
    read = pixels_by_magick(tmp_path / "a.tif", {1: "gray", 3: "RGB", 4: "RGBA"}[channels])
    top = np.iinfo(dtype).max if dtype != "float32" else 1
    assert np.abs(read / 65535 - pixels / top).max() < 2 / 65535
    told = exiftool(tmp_path / "a.tif")
    assert (told["IFD0:ImageWidth"], told["IFD0:ImageHeight"], told["IFD0:XResolution"]) == (50, 70, 300)
    assert (told["IFD0:Model"], told["ExifIFD:DateTimeOriginal"]) == ("a camera", "2026:11:24 06:00:00")
    assert told["XMP-xmp:Rating"] == 4
    assert "Warning" not in " ".join(told)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_tiffs_are_upright(tmp_path: Path, dtype: str, orientation: int) -> None:
    if dtype == "float32":
        pytest.importorskip("pyvips")
    pixels = noise(9, 5, 3, dtype)
    exif_block = Image.Exif()
    exif_block[ORIENTATION] = orientation
    write_picture(Picture(pixels, "TIFF", exif=exif_block.tobytes()), tmp_path / "a.tif", by_name("tif"))
    picture = read_picture(tmp_path / "a.tif")
    from pliant.media.pixels import upright

    np.testing.assert_array_equal(picture.pixels, upright(pixels, orientation))
    assert read_size(tmp_path / "a.tif")[:2] == picture.size
    write_picture(picture, tmp_path / "b.tif", by_name("tif"))
    np.testing.assert_array_equal(read_picture(tmp_path / "b.tif").pixels, picture.pixels)


@pytest.mark.parametrize("compression", ["none", "deflate", "lzw"])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("order", ["little", "big"])
def test_16_bits_of_colour_in_tiffs_of_others(tmp_path: Path, compression: str, alpha: bool, order: str) -> None:
    pyvips = pytest.importorskip("pyvips")
    pixels = noise(40, 30, 4 if alpha else 3, "uint16")
    pyvips.Image.new_from_array(pixels).tiffsave(str(tmp_path / "a.tif"), compression=compression)
    if order == "big":
        _turn_bytes(tmp_path / "a.tif", pixels)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, pixels)


def _turn_bytes(path: Path, pixels: np.ndarray[Any, Any]) -> None:
    """Write the same as a big-endian file without compression."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    height, width, channels = pixels.shape
    tags = ImageFileDirectory_v2(b"MM\0*\0\0\0\x08", prefix=b"MM")
    tags[256], tags[257], tags[277], tags[258] = width, height, channels, (16,) * channels
    tags[259], tags[262], tags[278], tags[279] = 1, 2, height, (pixels.nbytes,)
    if channels == 4:
        tags[338] = (2,)
    tags.tagtype[273] = 4
    tags[273] = (0,)
    with path.open("wb") as file:
        tags.save(file)
        file.write(pixels.astype(">u2").tobytes())


def test_black_and_white_of_deep_grey(tmp_path: Path) -> None:
    """A TIFF whose highest level is black; Pillow leaves 16 bits as they are."""
    pixels = noise(8, 8, 1, "uint16")
    write_picture(Picture(pixels, "TIFF"), tmp_path / "a.tif", by_name("tif"))
    data = bytearray((tmp_path / "a.tif").read_bytes())
    at = data.index(bytes.fromhex("0601030001000000"))
    data[at + 8] = 0
    (tmp_path / "a.tif").write_bytes(data)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, 65535 - pixels)


def test_colours_that_were_multiplied_by_alpha(tmp_path: Path) -> None:
    alpha = np.full((4, 4, 1), 0x8000, np.uint16)
    pixels = np.concatenate([np.full((4, 4, 3), (0x4000, 0x1000, 0), np.uint16), alpha], axis=2)
    write_picture(Picture(pixels, "TIFF"), tmp_path / "a.tif", by_name("tif"))
    data = bytearray((tmp_path / "a.tif").read_bytes())
    at = data.index(bytes.fromhex("5201030001000000"))
    data[at + 8] = 1
    (tmp_path / "a.tif").write_bytes(data)
    colour = read_picture(tmp_path / "a.tif").pixels[0, 0]
    np.testing.assert_allclose(colour, [0x8000, 0x2000, 0, 0x8000], atol=2)


def test_pages_of_a_tiff(tmp_path: Path) -> None:
    first = Image.fromarray(noise(8, 8, 3))
    first.save(tmp_path / "a.tif", save_all=True, append_images=[first, first])
    assert read_picture(tmp_path / "a.tif").notes == ("The file has 3 pages; only the first is used.",)


def test_a_cmyk_tiff(tmp_path: Path) -> None:
    Image.fromarray(noise(8, 8, 3)).convert("CMYK").save(tmp_path / "a.tif")
    picture = read_picture(tmp_path / "a.tif")
    assert (picture.notes, picture.icc) == (("The CMYK colours were converted to RGB.",), None)
    assert np.abs(picture.pixels.astype(int) - noise(8, 8, 3)).max() <= 1


def test_floats_that_are_no_numbers(tmp_path: Path) -> None:
    pixels = np.full((4, 4, 1), np.nan, np.float32)
    write_picture(Picture(pixels, "TIFF"), tmp_path / "a.tif", by_name("tif"))
    with pytest.raises(PictureError, match="infinite or no numbers"):
        read_picture(tmp_path / "a.tif")


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_picture(Picture(noise(4, 4, 3, "float32"), "TIFF"), tmp_path / "a.tif", by_name("tif"))
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    for name in ("pyvips", "pillow_heif", "pillow_heif.as_plugin"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(MissingExtra, match=r"needs the package 'pyvips'.*pliant\[vips\]"):
        read_picture(tmp_path / "a.tif")
    with pytest.raises(MissingExtra, match=r"needs the package 'pillow-heif'.*pliant\[heif\]"):
        read_size(tmp_path / "a.heic")
    with pytest.raises(MissingExtra, match=r"Writing HEIF"):
        by_name("heif")


@pytest.mark.parametrize("name", ["avif", "heif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_avif_and_heif(tmp_path: Path, name: str, channels: int) -> None:
    if name == "heif":
        pytest.importorskip("pillow_heif")
    elif not __import__("PIL.features").features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    pixels = noise(64, 48, channels)
    if channels == 4:
        pixels[..., 3] = 255
        pixels[:16, :16, 3] = 0
    path = tmp_path / f"a.{name}"
    icc = srgb() if channels > 2 else None
    assert write_picture(_everything(pixels, icc), path, by_name(name)) == ()
    back = read_picture(path)
    seen = back.pixels[..., -1] > 128 if channels == 4 else np.ones((64, 48), bool)
    assert back.pixels.shape[2] in {1: (1, 3), 3: (3,), 4: (4,)}[channels]
    assert np.abs(back.pixels.astype(int) - pixels)[seen].mean() < 6
    assert (back.icc, back.size, back.format) == (icc, (48, 64), name.upper())
    assert back.dpi == pytest.approx((300, 150))
    assert back.xmp is not None
    told = exiftool(path)
    assert (told["IFD0:Model"], told["XMP-xmp:Rating"]) == ("a camera", 4)
    assert identify(path, "%w %h")[0] == "48 64"


def test_a_heif_on_its_side(tmp_path: Path) -> None:
    """Turned by the container, as ImageMagick shows it too; EXIF says the same and must not count again."""
    pillow_heif = pytest.importorskip("pillow_heif")
    image = Image.fromarray(noise(128, 96, 3))
    image.info["exif"] = exif(6).tobytes()
    pillow_heif.from_pillow(image).save(tmp_path / "a.heic", quality=95)
    picture = read_picture(tmp_path / "a.heic")
    assert picture.size == read_size(tmp_path / "a.heic")[:2]
    shown = pixels_by_magick(tmp_path / "a.heic", "RGB", 8)
    assert np.abs(picture.pixels.astype(int) - shown).mean() < 6


def test_an_avif_on_its_side(tmp_path: Path) -> None:
    Image.fromarray(noise(64, 48, 3)).save(tmp_path / "a.avif", quality=95, subsampling="4:4:4", exif=exif(6))
    picture = read_picture(tmp_path / "a.avif")
    assert picture.size == read_size(tmp_path / "a.avif")[:2] == (64, 48)
    assert np.abs(picture.pixels.astype(int) - np.rot90(noise(64, 48, 3), -1)).mean() < 6


@pytest.mark.parametrize("target", [f for f in FORMATS if not f.only_written], ids=lambda target: target.title)
@pytest.mark.parametrize(("dtype", "channels"), DEEP)
def test_what_a_format_cannot_hold_is_said(tmp_path: Path, target: Format, dtype: str, channels: int) -> None:
    """Whatever is given, the file has pixels like it, or a note says what is missing."""
    if target.title == "HEIF":
        pytest.importorskip("pillow_heif")
    if target.title == "TIFF" and (dtype, channels) not in (*BY_PILLOW, ("float32", 1)):
        pytest.importorskip("pyvips")
    pixels = noise(32, 32, channels, dtype)
    notes = write_picture(Picture(pixels, "PNG"), tmp_path / "a", target)
    back = read_picture(tmp_path / "a")
    depth = any("bits were written" in note for note in notes)
    assert depth == (dtype not in target.depths)
    alpha = any("no transparency" in note or "is seen or not" in note for note in notes)
    assert alpha == (channels in (2, 4) and (target.palette or not {2, 4} & set(target.channels)))
    if not alpha:
        assert (back.pixels.shape[2] in (2, 4)) == (channels in (2, 4))
    if not notes and target.name in ("PNG", "TIFF", "BMP"):
        np.testing.assert_array_equal(back.pixels, pixels)


def test_floats_beyond_the_range_in_a_format_of_levels() -> None:
    pixels, notes = fit_pixels(np.array([[[-1.0], [0.5], [3.0]]], np.float32), by_name("png"))
    np.testing.assert_array_equal(pixels[..., 0], [[0, 32768, 65535]])
    assert notes == [
        "PNG has no floating-point levels; 16 bits were written.",
        "Values below 0 or above 1 were cut off.",
    ]


def test_a_bmp_of_others(tmp_path: Path) -> None:
    Image.fromarray(noise(9, 7, 3)).quantize(16).save(tmp_path / "a.bmp", dpi=(300, 300))
    picture = read_picture(tmp_path / "a.bmp")
    write_picture(picture, tmp_path / "b.bmp", by_name("bmp"))
    assert np.array_equal(pixels_by_magick(tmp_path / "b.bmp", "RGB", 8), picture.pixels)
    assert read_picture(tmp_path / "b.bmp").dpi == pytest.approx((300, 300), abs=0.1)


def test_no_other_plug_in_of_pillow_is_used(tmp_path: Path) -> None:
    Image.fromarray(noise(8, 8, 3)).save(tmp_path / "a.png", "PPM")
    with pytest.raises(PictureError, match="is not a PNG, JPEG, WebP, AVIF, BMP, GIF, HEIF or TIFF picture"):
        reading.read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_heif_of_10_bits(tmp_path: Path, channels: int) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pixels = noise(64, 64, channels, "uint16")
    mode = {1: "L;16", 3: "RGB;16", 4: "RGBA;16"}[channels]
    pillow_heif.encode(mode, (64, 64), pixels.tobytes(), tmp_path / "a.heic", quality=-1, chroma=444)
    picture = read_picture(tmp_path / "a.heic")
    assert (picture.pixels.dtype, picture.notes) == (np.uint16, ())
    grey = picture.pixels[..., :channels] if picture.pixels.shape[2] >= channels else picture.pixels
    assert np.abs(grey.astype(int) - pixels).max() < 65535 * 8 / 1023


def test_an_avif_of_10_bits(tmp_path: Path) -> None:
    """A bit of the configuration says so; the stored pixels are of 8 bits, which Pillow decodes all the same or not."""
    Image.fromarray(noise(64, 48, 3)).save(tmp_path / "a.avif")
    assert read_picture(tmp_path / "a.avif").notes == ()
    data = bytearray((tmp_path / "a.avif").read_bytes())
    data[data.index(b"av1C") + 6] |= 0x40
    (tmp_path / "a.avif").write_bytes(data)
    from pliant.media.formats.avif import is_deep

    assert is_deep(tmp_path / "a.avif")
