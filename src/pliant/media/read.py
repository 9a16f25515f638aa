"""Reading one picture file. Every fault of the file is a `PictureError` of one sentence."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from pliant.errors import PictureError
from pliant.media.formats import READ
from pliant.media.picture import Array, Picture
from pliant.media.png16 import read_deep, with_key

VIDEOS = (".mkv", ".mp4", ".m4v", ".mov", ".webm", ".ts", ".avi", ".wmv", ".mpg", ".mpeg", ".flv", ".m2ts", ".3gp")
ORIENTATION, WIDTH, HEIGHT, DETAILS = 0x0112, 0xA002, 0xA003, 0x8769  # EXIF tags

# what Pillow raises on damaged files, by format and place: a PNG chunk, a deflate stream, a TIFF header in EXIF
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)

# Pillow mode -> mode that is worked on; modes that are missing are refused
_MODES = {
    "1": "L",
    "L": "L",
    "LA": "LA",
    "La": "LA",
    "RGB": "RGB",
    "RGBX": "RGB",
    "P": "RGB",
    "YCbCr": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "PA": "RGBA",
}


def read_size(path: Path) -> tuple[int, int, str]:
    """Width and height of the upright picture and Pillow's name of its format, without decoding it.

    Raises PictureError.
    """
    with _opened(path) as image:
        width, height = image.size
        sideways = _orientation(image) >= 5
        return (height, width, image.format or "") if sideways else (width, height, image.format or "")


def read_picture(path: Path) -> Picture:
    """The picture in a file, upright.

    Colours other than grey and RGB are converted: palettes with their transparency, 1 bit to grey, CMYK through
    its profile. Raises PictureError.
    """
    with _opened(path) as image:
        deep = read_deep(image, path)
        image.load()
        icc = image.info.get("icc_profile") or None
        colours, icc = (_from_cmyk(image, icc), None) if image.mode == "CMYK" else (image, icc)
        pixels = deep if deep is not None else _pixels(colours, path)
        upright = _turned(pixels, _orientation(image))
        exif, lost = _exif(image)  # takes the orientation out
        return Picture(
            pixels=upright,
            format=image.format or "",
            icc=icc,
            exif=exif,
            dpi=_dpi(image),
            notes=(*_notes(image), *lost),
        )


@contextmanager
def _opened(path: Path) -> Generator[Image.Image, None, None]:
    _check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # large pictures are checked against the free memory instead
            with Image.open(path, formats=READ) as image:
                yield image
    except Image.DecompressionBombError as error:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise PictureError(
            f"{path} claims to have more than {most} MP, the most that is read; crop it first."
        ) from error
    except UnidentifiedImageError as error:
        hint = f" For a video, use: pliant video {path.name}." if path.suffix.lower() in VIDEOS else ""
        raise PictureError(f"{path} is not a PNG, JPEG, WebP, BMP or GIF picture, or it is damaged.{hint}") from error
    except _DAMAGE as error:
        raise PictureError(f"{path} is damaged ({str(error).rstrip('.')}); get another copy of it.") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise PictureError(f"{path} is a folder; give the path of a picture.")
    if not path.exists():
        raise PictureError(f"There is no file {path}; give the path of a picture.")
    if not path.is_file():
        raise PictureError(f"{path} is not a regular file; give the path of a picture.")
    if path.stat().st_size == 0:
        raise PictureError(f"{path} is empty (0 bytes); get another copy of it.")


def _pixels(image: Image.Image, path: Path) -> Array:
    if image.mode.startswith("I"):
        levels = np.asarray(image)
        if levels.min() < 0 or levels.max() > 0xFFFF:
            raise PictureError(f"{path} has levels beyond 16 bits; convert it to 8 or 16 bits first.")
        deep = levels.astype(np.uint16)[..., None]
        return with_key(deep, image.info["transparency"]) if "transparency" in image.info else deep
    if image.mode not in _MODES:
        raise PictureError(f"{path} has pixels of kind {image.mode!r}; convert it to grey or RGB first.")
    mode = _MODES[image.mode]
    if "transparency" in image.info and not mode.endswith("A"):
        mode = "LA" if image.mode == "L" else "RGBA"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _turned(pixels: Array, orientation: int) -> Array:
    """Upright, from the eight orientations of EXIF; each of those from 5 on swaps width and height."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _from_cmyk(image: Image.Image, icc: bytes | None) -> Image.Image:
    """RGB in sRGB; without a usable profile, by Pillow's plain formula."""
    if icc is not None:
        try:
            profile = ImageCms.ImageCmsProfile(BytesIO(icc))
            rgb = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return rgb or image.convert("RGB")
        except (ImageCms.PyCMSError, OSError):
            pass
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    """As EXIF says; 1, upright, without readable EXIF."""
    if "exif" not in image.info:  # asking a PNG that has it further back would decode the picture
        return 1
    try:
        orientation = int(image.getexif().get(ORIENTATION, 1))
    except (*_DAMAGE, TypeError):
        return 1
    return orientation if 1 <= orientation <= 8 else 1


def _exif(image: Image.Image) -> tuple[bytes | None, list[str]]:
    """The EXIF block without orientation and size, which the result changes."""
    if "exif" not in image.info:
        return None, []
    try:
        exif = image.getexif()
        exif.pop(ORIENTATION, None)
        details = exif.get_ifd(DETAILS)
        for tag in (WIDTH, HEIGHT):
            details.pop(tag, None)
        return exif.tobytes(), []
    except (*_DAMAGE, OverflowError):
        return None, ["The EXIF data is damaged and was left out."]


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    dpi = cast("Any", image.info.get("dpi"))
    usable = isinstance(dpi, tuple) and len(dpi) == 2 and all(0 < float(side) < 1e6 for side in dpi)
    return (float(dpi[0]), float(dpi[1])) if usable else None


def _notes(image: Image.Image) -> Generator[str, None, None]:
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        yield "The picture is animated; only the first frame is used."
    if image.mode == "CMYK":
        yield "The CMYK colours were converted to RGB."
