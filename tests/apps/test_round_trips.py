"""Whole round trips through a network that keeps every pixel, checked by other programs' reading of the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

import pliant
from pliant.errors import PictureError
from pliant.media.png16 import chunk
from pliant.media.pngstream import encode
from pliant.media.read import read_picture
from tests.media.samples import (
    GAMMA,
    ORIENTATION,
    WIDE,
    XMP,
    exif,
    exiftool,
    identify,
    noise,
    pixels_by_magick,
    srgb,
    wide,
)
from tests.support import fixed_model


@pytest.fixture
def double(tmp_path: Path) -> Path:
    """A model that repeats every pixel, so that results are known exactly."""
    (tmp_path / "double.onnx").write_bytes(fixed_model(2))
    return tmp_path / "double.onnx"


def _twice(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return pixels.repeat(2, axis=0).repeat(2, axis=1)


def _lost(result: pliant.apps.upscale.Result) -> list[str]:
    """Notes that are not about the model's contract."""
    return [note for note in result.notes if "contract" not in note and not note.startswith("Input 'input'")]


def _deep_png(folder: Path) -> tuple[Path, np.ndarray[Any, Any]]:
    pixels = noise(12, 24, 4, "uint16")
    block = exif(6).tobytes()
    (folder / "a.png").write_bytes(encode(pixels, wide(), block, (300, 150), xmp=XMP))
    return folder / "a.png", np.rot90(pixels, -1)


def test_a_16_bit_rgba_png_with_a_profile(tmp_path: Path, double: Path) -> None:
    source, upright = _deep_png(tmp_path)
    result = pliant.upscale(source, tmp_path / "b.png", model=double)
    back = read_picture(result.destination)
    assert back.pixels.dtype == np.uint16
    assert np.abs(back.pixels[..., :3].astype(int) - _twice(upright)[..., :3]).max() <= 1
    assert np.abs(back.pixels[..., 3].astype(int) - _twice(upright)[..., 3]).max() <= 1
    assert back.icc == wide()
    assert back.dpi == pytest.approx((150, 300), abs=0.02)
    assert back.xmp is not None
    assert b'tiff:Orientation="1"' in back.xmp
    assert b"tiff:ImageWidth" not in back.xmp


def test_a_16_bit_rgba_png_as_others_read_it(tmp_path: Path, double: Path) -> None:
    source, upright = _deep_png(tmp_path)
    result = pliant.upscale(source, tmp_path / "b.png", model=double).destination
    read = pixels_by_magick(result, "RGBA")
    assert np.abs(read.astype(int) - _twice(upright)).max() <= 1
    told = exiftool(result)
    assert (told["PNG:ImageWidth"], told["PNG:ImageHeight"], told["PNG:BitDepth"], told["PNG:ColorType"]) == (
        24,
        48,
        16,
        6,
    )
    assert told["IFD0:Model"] == "a camera"
    assert told["ExifIFD:DateTimeOriginal"] == "2026:11:24 06:00:00"
    assert "IFD0:Orientation" not in told
    assert (told["XMP-tiff:Orientation"], told["XMP-xmp:Rating"]) == (1, 4)
    assert told["ICC_Profile:ProfileDescription"] == "gAMA and cHRM of a PNG"
    assert told["PNG-pHYs:PixelsPerUnitX"] == round(150 / 0.0254)


def _cmyk_jpeg(folder: Path) -> tuple[Path, np.ndarray[Any, Any]]:
    image = Image.fromarray(noise(16, 32, 3)).convert("CMYK")
    image.save(folder / "a.jpg", quality=100, exif=exif(6), dpi=(300, 150), xmp=XMP)
    with Image.open(folder / "a.jpg") as opened:
        assert opened.mode == "CMYK"
        return folder / "a.jpg", np.rot90(np.asarray(opened.convert("RGB")), -1)


def test_a_cmyk_jpeg_that_lies_on_its_side(tmp_path: Path, double: Path) -> None:
    source, upright = _cmyk_jpeg(tmp_path)
    result = pliant.upscale(source, model=double)
    assert result.destination.name == "a_x2.jpg"
    assert _lost(result) == ["The CMYK colours were converted to RGB."]
    with Image.open(result.destination) as image:
        assert (image.mode, image.size, image.info["dpi"]) == ("RGB", (32, 64), (150, 300))
        assert image.getexif().get(ORIENTATION, 1) == 1
        assert image.getexif()[0x010E] == "a description"
        assert b'tiff:Orientation="1"' in image.info["xmp"]
        assert "icc_profile" not in image.info
        assert np.abs(np.asarray(image).astype(int) - _twice(upright)).mean() < 3


def test_a_cmyk_jpeg_as_others_read_it(tmp_path: Path, double: Path) -> None:
    source, upright = _cmyk_jpeg(tmp_path)
    result = pliant.upscale(source, model=double).destination
    assert identify(result, "%m %w %h %[colorspace]") == ["JPEG 32 64 sRGB"]
    assert np.abs(pixels_by_magick(result, "RGB", 8).astype(int) - _twice(upright)).mean() < 3
    told = exiftool(result)
    assert told["IFD0:ImageDescription"] == "a description"
    assert told["XMP-tiff:Orientation"] == 1
    assert (told["JFIF:XResolution"], told["JFIF:YResolution"]) == (150, 300)
    assert "IFD0:Orientation" not in told
    assert "ExifIFD:ExifImageWidth" not in told


def _frames(alpha: bool = True) -> list[Image.Image]:
    """Three pictures, of which parts are alike."""
    frames: list[Image.Image] = []
    for k in range(3):
        pixels = noise(16, 24, 4 if alpha else 3)
        pixels[..., 3:] = 255
        pixels[4:8, 8 * k : 8 * k + 8, :3] = noise(4, 8, 3, seed=k + 1)
        if alpha:
            pixels[8:12, 8 * k : 8 * k + 4, 3] = 0
        frames.append(Image.fromarray(pixels))
    return frames


def _shown(path: Path) -> list[np.ndarray[Any, Any]]:
    """All frames as Pillow shows them, hidden colours left out."""
    with Image.open(path) as image:
        found = [np.asarray(frame.convert("RGBA")).copy() for frame in ImageSequence.Iterator(image)]
    for frame in found:
        frame[frame[..., 3] == 0] = 0
    return found


@pytest.mark.parametrize("alpha", [True, False])
def test_an_animated_webp(tmp_path: Path, double: Path, alpha: bool) -> None:
    first, *others = _frames(alpha)
    first.save(
        tmp_path / "a.webp",
        save_all=True,
        append_images=others,
        duration=[70, 140, 210],
        loop=3,
        lossless=True,
        icc_profile=srgb(),
        exif=exif(6),
        xmp=XMP,
    )
    shares: list[float] = []
    result = pliant.upscale(tmp_path / "a.webp", model=double, advance=shares.append)
    assert _lost(result) == []
    assert shares == [pytest.approx(k / 3) for k in (1, 2, 3)]
    before, after = _shown(tmp_path / "a.webp"), _shown(result.destination)
    assert len(after) == 3
    for one, other in zip(before, after, strict=True):
        expected = _twice(np.rot90(one, -1))
        assert (other[..., 3] == expected[..., 3]).all()
        assert np.abs(other.astype(int) - expected).mean() < 6
    with Image.open(result.destination) as image:
        assert (image.info["loop"], image.info["icc_profile"]) == (3, srgb())
        assert image.getexif().get(ORIENTATION, 1) == 1
        assert b'tiff:Orientation="1"' in image.info["xmp"]
        assert [_duration(image, k) for k in range(3)] == [70, 140, 210]


def _duration(image: Image.Image, k: int) -> float:
    image.seek(k)
    image.load()
    return image.info["duration"]


def test_an_animated_webp_as_others_read_it(tmp_path: Path, double: Path) -> None:
    first, *others = _frames()
    first.save(tmp_path / "a.webp", save_all=True, append_images=others, duration=[70, 140, 210], loop=3, exif=exif())
    told = exiftool(pliant.upscale(tmp_path / "a.webp", model=double).destination)
    assert (told["RIFF:ImageWidth"], told["RIFF:ImageHeight"], told["RIFF:AnimationLoopCount"]) == (48, 32, 3)
    assert told["RIFF:Duration"] == pytest.approx(0.42)
    assert told["IFD0:Model"] == "a camera"


def test_an_animated_png_is_kept_exactly(tmp_path: Path, double: Path) -> None:
    first, *others = _frames()
    durations = [70, 140, 33.3]
    first.save(tmp_path / "a.png", save_all=True, append_images=others, duration=durations, loop=2, dpi=(200, 200))
    result = pliant.upscale(tmp_path / "a.png", model=double)
    assert result.destination.name == "a_x2.png"
    assert _lost(result) == []
    before, after = _shown(tmp_path / "a.png"), _shown(result.destination)
    assert len(after) == 3
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(other, _twice(one))
    with Image.open(result.destination) as image:
        assert image.info["loop"] == 2
        assert [_duration(image, k) for k in range(3)] == pytest.approx(durations, abs=0.05)
    told = exiftool(result.destination)
    assert (told["PNG:AnimationFrames"], told["PNG:AnimationPlays"]) == (3, 2)


@pytest.mark.parametrize("alpha", [True, False])
def test_an_animated_gif(tmp_path: Path, double: Path, alpha: bool) -> None:
    first, *others = [frame.quantize(64).convert("RGBA") if not alpha else frame for frame in _frames(alpha)]
    first.save(tmp_path / "a.gif", save_all=True, append_images=others, duration=[70, 140, 210], loop=0, disposal=2)
    result = pliant.upscale(tmp_path / "a.gif", model=double)
    assert _lost(result) == []
    before, after = _shown(tmp_path / "a.gif"), _shown(result.destination)
    assert len(after) == 3
    for one, other in zip(before, after, strict=True):
        assert (other[..., 3] == _twice(one)[..., 3]).all()
        assert np.abs(other.astype(int) - _twice(one)).max() <= 2
    with Image.open(result.destination) as image:
        assert image.info["loop"] == 0
        assert [_duration(image, k) for k in range(3)] == [70, 140, 210]
    assert identify(result.destination, "%m %W %H %T") == [f"GIF 48 32 {t}" for t in (7, 14, 21)]


@pytest.mark.parametrize("plays", [None, 1, 5])
def test_how_often_a_gif_is_shown(tmp_path: Path, double: Path, plays: int | None) -> None:
    first, *others = _frames(alpha=False)
    loop: dict[str, Any] = {} if plays is None else {"loop": plays}
    first.save(tmp_path / "a.gif", save_all=True, append_images=others, duration=100, **loop)
    pliant.upscale(tmp_path / "a.gif", tmp_path / "b.gif", model=double)
    pliant.upscale(tmp_path / "a.gif", tmp_path / "b.png", model=double)
    with Image.open(tmp_path / "b.gif") as image:
        assert image.info.get("loop") == plays
    with Image.open(tmp_path / "b.png") as image:
        assert image.info["loop"] == (1 if plays is None else plays + 1)  # a GIF counts repetitions


def test_an_animation_in_a_format_without(tmp_path: Path, double: Path) -> None:
    first, *others = _frames(alpha=False)
    first.save(tmp_path / "a.gif", save_all=True, append_images=others, duration=100)
    result = pliant.upscale(tmp_path / "a.gif", tmp_path / "b.jpg", model=double)
    assert _lost(result) == ["The picture is animated; only the first frame is used."]


def test_a_palette_png_with_transparency(tmp_path: Path, double: Path) -> None:
    rgb = Image.fromarray(noise(12, 24, 3)).quantize(16)
    rgb.save(
        tmp_path / "a.png", transparency=bytes([0, 128, *[255] * 14]), icc_profile=wide(), exif=exif(8), dpi=(72, 72)
    )
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "P"
        expected = _twice(np.rot90(np.asarray(image.convert("RGBA"))))
    result = pliant.upscale(tmp_path / "a.png", model=double)
    assert _lost(result) == []
    seen = expected[..., 3] > 0
    for read in (np.asarray(Image.open(result.destination)), pixels_by_magick(result.destination, "RGBA", 8)):
        assert (read[..., 3] == expected[..., 3]).all()
        assert (read[seen] == expected[seen]).all()
    assert len(set(expected[..., 3].ravel())) == 3
    told = exiftool(result.destination)
    assert told["ICC_Profile:ProfileDescription"] == "gAMA and cHRM of a PNG"
    assert told["IFD0:Model"] == "a camera"


def _coloured_png(path: Path, *chunks: tuple[bytes, bytes]) -> np.ndarray[Any, Any]:
    pixels = noise(8, 8, 3)
    Image.fromarray(pixels).save(path)
    data = path.read_bytes()
    path.write_bytes(data[:33] + b"".join(chunk(*one) for one in chunks) + data[33:])
    return pixels


def test_what_a_png_says_about_its_colours(tmp_path: Path, double: Path) -> None:
    _coloured_png(tmp_path / "a.png", (b"gAMA", GAMMA), (b"cHRM", WIDE))
    kept = read_picture(pliant.upscale(tmp_path / "a.png", model=double).destination)
    assert dict(kept.chunks) == {b"gAMA": GAMMA, b"cHRM": WIDE}
    webp = read_picture(pliant.upscale(tmp_path / "a.png", tmp_path / "b.webp", model=double).destination)
    assert webp.icc == wide()


def test_strip_keeps_the_look(tmp_path: Path, double: Path) -> None:
    """Pillow's littleCMS says what the colours of the profile are in sRGB."""
    from io import BytesIO

    from PIL import ImageCms

    pixels = noise(8, 8, 3) // 2 + 64
    image = Image.fromarray(pixels)
    image.save(tmp_path / "a.png", icc_profile=wide(), exif=exif(), dpi=(300, 300))
    result = pliant.upscale(tmp_path / "a.png", model=double, strip=True)
    assert "The colours were converted to sRGB." in result.notes
    back = read_picture(result.destination)
    assert (back.icc, back.exif, back.xmp, back.dpi, back.chunks) == (None, None, None, None, ())
    given, wanted = ImageCms.ImageCmsProfile(BytesIO(wide())), ImageCms.createProfile("sRGB")
    expected = np.asarray(ImageCms.profileToProfile(image, given, wanted))
    assert np.abs(back.pixels.astype(int) - _twice(expected)).max() <= 1
    assert np.abs(expected.astype(int) - pixels).max() > 10


@pytest.mark.parametrize(("suffix", "most"), [("bmp", 1), ("gif", 8)])
def test_a_profile_where_there_is_no_place_for_one(tmp_path: Path, double: Path, suffix: str, most: int) -> None:
    Image.fromarray(noise(8, 8, 3)).save(tmp_path / "a.png", icc_profile=wide())
    result = pliant.upscale(tmp_path / "a.png", tmp_path / f"b.{suffix}", model=double)
    stripped = pliant.upscale(tmp_path / "a.png", tmp_path / "c.png", model=double, strip=True)
    assert "The colours were converted to sRGB." in result.notes
    shown = [np.asarray(Image.open(one.destination).convert("RGB")).astype(int) for one in (result, stripped)]
    assert np.abs(shown[0] - shown[1]).max() <= most


def _work(*args: object, **options: object) -> None:
    pytest.fail("worked before refusing")


def test_ceilings_are_checked_before_the_work(tmp_path: Path, double: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pliant.apps import upscale as home
    from pliant.imaging import limits

    monkeypatch.setattr(limits, "available_memory", lambda: 1 << 50)
    monkeypatch.setattr(home, "Work", _work)
    Image.new("L", (40_000, 1)).save(tmp_path / "a.png")
    for suffix, most in (("jpg", "65,500"), ("webp", "16,383"), ("avif", "32,768"), ("gif", "65,535")):
        with pytest.raises(PictureError, match=f"stores at most {most} pixels"):
            pliant.upscale(tmp_path / "a.png", tmp_path / f"b.{suffix}", model=double)
    Image.new("RGB", (9_000, 9_000)).save(tmp_path / "c.png")
    with pytest.raises(PictureError, match="AVIF stores at most 268 MP"):
        pliant.upscale(tmp_path / "c.png", tmp_path / "b.avif", model=double)


def test_an_animated_avif(tmp_path: Path, double: Path) -> None:
    first, *others = _frames(alpha=False)
    first.save(tmp_path / "a.avif", save_all=True, append_images=others, duration=[70, 140, 210], subsampling="4:4:4")
    result = pliant.upscale(tmp_path / "a.avif", model=double)
    assert _lost(result) == []
    before, after = _shown(tmp_path / "a.avif"), _shown(result.destination)
    assert len(after) == 3
    for one, other in zip(before, after, strict=True):
        assert np.abs(other.astype(int) - _twice(one)).mean() < 6
    with Image.open(result.destination) as image:
        assert [_duration(image, k) for k in range(3)] == [70, 140, 210]


@pytest.mark.parametrize("suffix", ["webp", "png", "gif", "avif"])
def test_frames_are_held_one_at_a_time(
    tmp_path: Path, double: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames of the result that are alive at once: the one that is written, the one before it, and the next."""
    import weakref

    from pliant.apps import steps as home

    alive: list[weakref.ref[Any]] = []
    most = 0
    original = home._frames

    def counted(*args: Any) -> Any:
        nonlocal most
        for frame in original(*args):
            alive.append(weakref.ref(frame))
            most = max(most, sum(reference() is not None for reference in alive))
            yield frame

    monkeypatch.setattr(home, "_frames", counted)
    frames = [Image.fromarray(noise(16, 24, 3, seed=k)) for k in range(12)]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], duration=50)
    pliant.upscale(tmp_path / f"a.{suffix}", model=double)
    assert len(alive) == 12
    assert most <= 4


def test_an_animation_of_which_a_frame_cannot_be_computed(
    tmp_path: Path, double: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pliant.apps import steps as home
    from pliant.errors import OutOfMemory

    def failing(*args: object) -> Any:
        del args
        yield np.zeros((32, 48, 3), np.uint8)
        raise OutOfMemory("There is not enough memory.")

    monkeypatch.setattr(home, "_frames", failing)
    first, *others = _frames(alpha=False)
    for suffix in ("gif", "png", "webp"):
        first.save(tmp_path / f"a.{suffix}", save_all=True, append_images=others)
        with pytest.raises(OutOfMemory):
            pliant.upscale(tmp_path / f"a.{suffix}", model=double)
        assert not list(tmp_path.glob("*x2*"))


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "bmp", "gif", "avif", "heic"])
def test_the_command(tmp_path: Path, double: Path, suffix: str) -> None:
    from click.testing import CliRunner

    from pliant.apps.cli.commands.upscale import upscale

    if suffix == "heic":
        pytest.importorskip("pillow_heif")
    Image.fromarray(noise(64, 64, 4)).save(tmp_path / "a.png", icc_profile=wide(), exif=exif())
    arguments = [str(tmp_path / "a.png"), str(tmp_path / f"b.{suffix}"), "-m", str(double)]
    ran = CliRunner().invoke(upscale, [*arguments, "--alpha", "resize", "--strip"])
    assert ran.exit_code == 0, ran.output
    back = read_picture(tmp_path / f"b.{suffix}")
    assert (back.size, back.icc, back.exif) == ((128, 128), None, None)
