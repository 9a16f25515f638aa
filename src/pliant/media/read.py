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
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from pliant.errors import PictureError
from pliant.media.formats import READ
from pliant.media.picture import Array, Picture

ORIENTATION, WIDTH, HEIGHT, DETAILS = 0x0112, 0xA002, 0xA003, 0x8769  # EXIF tags
SIDEWAYS = (5, 6, 7, 8)  # orientations that swap width and height

# what Pillow raises on damaged files, by format and place: a PNG chunk, a deflate stream, a TIFF header in EXIF
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)

# Pillow mode -> mode that is worked on; modes that are missing are refused
_MODES = {
    **{mode: "L" for mode in ("1", "L")},
    **{mode: "LA" for mode in ("LA", "La")},
    **{mode: "RGB" for mode in ("RGB", "RGBX", "P", "CMYK", "YCbCr", "LAB", "HSV")},
    **{mode: "RGBA" for mode in ("RGBA", "RGBa", "PA")},
}


def read_size(path: Path) -> tuple[int, int, str]:
    """Width and height of the upright picture and Pillow's name of its format, without decoding it.

    Raises PictureError.
    """
    with _opened(path) as image:
        width, height = image.size
        # asking a PNG without early EXIF for it would decode the picture
        turned = "exif" in image.info and image.getexif().get(ORIENTATION) in SIDEWAYS
        return (height, width, image.format or "") if turned else (width, height, image.format or "")


def read_picture(path: Path) -> Picture:
    """The picture in a file, upright.

    Colours other than grey and RGB are converted: palettes with their transparency, 1 bit to grey, CMYK through
    its profile. Raises PictureError.
    """
    with _opened(path) as image:
        image.load()
        notes = list(_notes(image, path))
        exif, lost = _exif(image)
        icc = image.info.get("icc_profile") or None
        upright = ImageOps.exif_transpose(image)
        if upright.mode == "CMYK":
            upright, icc = _from_cmyk(upright, icc), None
        return Picture(
            pixels=_pixels(upright),
            format=image.format or "",
            icc=icc,
            exif=exif,
            dpi=_dpi(image),
            notes=(*notes, *lost),
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
        raise PictureError(f"{path} is not a PNG, JPEG, WebP, BMP or GIF picture, or it is damaged.") from error
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


def _pixels(image: Image.Image) -> Array:
    if image.mode.startswith("I"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 0xFFFF:
            raise PictureError("The picture has levels beyond 16 bits; convert it to 8 or 16 bits first.")
        return values.astype(np.uint16)[..., None]
    wanted = _MODES.get(image.mode)
    if wanted is None:
        raise PictureError(f"The picture has pixels of kind {image.mode!r}; convert it to grey or RGB first.")
    if "transparency" in image.info and not wanted.endswith("A"):
        wanted = "LA" if wanted == "L" and image.mode == "L" else "RGBA"
    converted = image if image.mode == wanted else _converted(image, wanted)
    pixels = np.asarray(converted)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _converted(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == "PA":
        image = image.convert("RGBA")
    return image.convert(mode)


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


def _notes(image: Image.Image, path: Path) -> Generator[str, None, None]:
    if image.format == "PNG" and _png_depth(path) == 16 and not image.mode.startswith("I"):
        yield "The picture has 16 bits for each colour; 8 are used."
    if image.mode.startswith("I") and "transparency" in image.info:
        yield "The transparent level of the 16-bit picture was left out."
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        yield "The picture is animated; only the first frame is used."


def _png_depth(path: Path) -> int:
    """Bits for each channel, as the IHDR chunk says; Pillow does not tell."""
    with path.open("rb") as file:
        header = file.read(26)
    return header[24] if len(header) == 26 else 8
