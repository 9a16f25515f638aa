"""Colours brought to sRGB, where a profile is to go or has no place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pliant.media import icc
from pliant.media.picture import Motion, Picture

Array = NDArray[Any]
ROWS = 256  # that are converted at once
PROFILES = {1: b"GRAY", 2: b"GRAY", 3: b"RGB ", 4: b"RGB "}  # colour space in an ICC header, by channels


def profile_of(picture: Picture) -> bytes | None:
    """The colour profile of a picture, or one made of what its PNG says instead."""
    return picture.icc or icc.of_png(picture.chunks, picture.pixels.shape[2] < 3)


def in_srgb(picture: Picture) -> Picture:
    """The picture in sRGB, without a profile; one that does not fit the pixels is left out.

    Notes say what was done.
    """
    profile = profile_of(picture)
    plain = replace(picture, icc=None, chunks=())
    if profile is None:
        return plain
    if profile[16:20] != PROFILES[picture.pixels.shape[2]]:
        return replace(plain, notes=(*plain.notes, "The colour profile does not fit the pixels and was left out."))
    try:
        pixels = converted(picture.pixels, profile)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return replace(plain, notes=(*plain.notes, "The colour profile is damaged and was left out."))
    motion = picture.motion
    if motion is not None:
        motion = replace(motion, frames=lambda: _frames(picture.motion, profile))
    notes = (*plain.notes, "The colours were converted to sRGB.")
    return replace(plain, pixels=pixels, motion=motion, notes=notes)


def _frames(motion: Motion | None, profile: bytes) -> Iterator[Array]:
    for frame in motion.frames() if motion else ():
        yield converted(frame, profile)


def converted(pixels: Array, profile: bytes) -> Array:
    """Levels of a profile that fits as levels of sRGB, in their dtype; alpha stays.

    Profiles that are tables are applied to 8 bits. Raises ImageCms.PyCMSError, OSError or ValueError.
    """
    channels = pixels.shape[2]
    colour = pixels[..., : channels - 1 + channels % 2]
    bands = [_band(colour[at : at + ROWS], profile) for at in range(0, len(colour), ROWS)]
    return np.concatenate([np.concatenate(bands), pixels[..., colour.shape[2] :]], axis=2)


def _band(colour: Array, profile: bytes) -> Array:
    top = np.iinfo(colour.dtype).max if colour.dtype.kind == "u" else 1
    values = icc.srgb_from(colour.astype(np.float64) / top, profile)
    if values is None:
        values = _by_tables(
            np.floor(np.clip(colour.astype(np.float64) / top, 0, 1) * 255 + 0.5).astype(np.uint8), profile
        )
    return values.astype(np.float32) if colour.dtype.kind == "f" else np.floor(values * top + 0.5).astype(colour.dtype)


def _by_tables(levels: Array, profile: bytes) -> Array:
    """sRGB from 0 to 1, of 8-bit levels."""
    grey = levels.shape[2] == 1
    given = ImageCms.ImageCmsProfile(BytesIO(profile))
    image = ImageCms.profileToProfile(
        Image.fromarray(levels[..., 0] if grey else levels), given, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    found = np.asarray(image) / 255
    return found.mean(axis=2, keepdims=True) if grey else found


def cmyk_to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB; without a usable profile, by Pillow's plain formula."""
    if profile is not None:
        try:
            given = ImageCms.ImageCmsProfile(BytesIO(profile))
            rgb = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return rgb or image.convert("RGB")
        except (ImageCms.PyCMSError, OSError):
            pass
    return image.convert("RGB")
