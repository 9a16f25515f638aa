"""The tags of TIFF files that are written: Pillow writes no colours of 16 bits and no float colours.

Source: TIFF, revision 6.0, https://www.adobe.io/open/standards/TIFF.html; Adobe Photoshop TIFF Technical Notes 1
(deflate, 2002) and 3 (predictor of floats, 2005).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from pliant.media.metadata import DETAILS, PLACE
from pliant.media.picture import Array, Picture

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
OFFSETS, SAMPLES, ROWS, COUNTS, ACROSS, DOWN, UNIT = 273, 277, 278, 279, 282, 283, 296
PREDICTOR, EXTRA, SAMPLE_FORMAT, XMP, PROFILE = 317, 338, 339, 700, 34675
BYTE, UNDEFINED, LONG = 1, 7, 4  # types of tags
DEFLATE, GREY, RGB, INCH, NOT_PREMULTIPLIED = 8, 1, 2, 2, 2
UNSIGNED, FLOAT = 1, 3  # sample formats
DIFFERENCES, FLOAT_DIFFERENCES = 2, 3  # predictors
LEVEL = 4  # of zlib


def layout(tags: Any, pixels: Array) -> None:
    """How the pixels lie in strips; where the strips lie is not among it."""
    height, width, channels = pixels.shape
    kind = FLOAT if pixels.dtype.kind == "f" else UNSIGNED
    tags[WIDTH], tags[HEIGHT], tags[SAMPLES] = width, height, channels
    tags[BITS], tags[SAMPLE_FORMAT] = (8 * pixels.dtype.itemsize,) * channels, (kind,) * channels
    tags[COMPRESSION], tags[PREDICTOR] = DEFLATE, FLOAT_DIFFERENCES if kind == FLOAT else DIFFERENCES
    tags[PHOTOMETRIC] = RGB if channels > 2 else GREY
    if channels in (2, 4):
        tags[EXTRA] = (NOT_PREMULTIPLIED,)


def describe(tags: Any, picture: Picture) -> None:
    """Everything beside the pixels."""
    if picture.exif is not None:
        exif = Image.Exif()
        exif.load(picture.exif)
        for tag, value in exif.items():
            tags[tag] = exif.get_ifd(tag) if tag in (DETAILS, PLACE) else value
    if picture.dpi is not None:
        tags[ACROSS], tags[DOWN] = (IFDRational(round(side * 1000), 1000) for side in picture.dpi)
        tags[UNIT] = INCH
    for tag, kind, content in ((XMP, BYTE, picture.xmp), (PROFILE, UNDEFINED, picture.icc)):
        if content is not None:
            tags.tagtype[tag] = kind
            tags[tag] = content


def differences(rows: Array) -> bytes:
    """Each value less the one before it in its row and channel; of floats the bytes, the high ones of a row first."""
    height, width, channels = rows.shape
    if rows.dtype.kind == "f":
        parts = np.ascontiguousarray(rows, ">f4").view(np.uint8).reshape(height, width * channels, 4)
        flat, step = parts.transpose(0, 2, 1).reshape(height, -1), channels
    else:
        flat, step = rows.reshape(height, -1), channels
    changed = flat.copy()
    changed[:, step:] -= flat[:, :-step]
    return np.ascontiguousarray(changed, changed.dtype.newbyteorder("<")).tobytes()
