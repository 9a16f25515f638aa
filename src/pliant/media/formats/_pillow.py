"""Writing with Pillow."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from pliant.media.formats.base import Format
from pliant.media.picture import Array, Picture


def as_image(pixels: Array) -> Image.Image:
    """uint8 [h, w, c] as Pillow has it."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def metadata(picture: Picture) -> dict[str, Any]:
    """What goes with a picture, by Pillow's names for it."""
    given = {"icc_profile": picture.icc, "exif": picture.exif, "xmp": picture.xmp, "dpi": picture.dpi}
    return {key: value for key, value in given.items() if value is not None}


def encode(picture: Picture, target: Format, **more: Any) -> bytes:
    """The file of a picture that fits. Raises what Pillow raises."""
    file = BytesIO()
    as_image(picture.pixels).save(file, target.name, **target.options, **metadata(picture), **more)
    return file.getvalue()
