"""A picture as a format can hold it, and sentences about what that loses."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from pliant.media.colours import PROFILES, in_srgb, profile_of
from pliant.media.formats.base import Format
from pliant.media.metadata import DAMAGE, with_resolution
from pliant.media.picture import Array, Picture

# bytes that a JPEG segment holds beside its own header
EXIF_LIMIT, XMP_LIMIT = 65_533 - 6, 65_533 - 29
COLOURS = 255  # and a transparent one
DEPTHS = {"uint8": "8-bit", "uint16": "16-bit", "float32": "floating-point"}
SAID = {"uint8": "8 bits", "uint16": "16 bits"}


def fitting(picture: Picture, target: Format) -> tuple[Picture, tuple[str, ...]]:
    """The picture in channels, a depth and with metadata that the format holds, and what that lost."""
    before = len(picture.notes)
    if "icc" not in target.holds:
        picture = in_srgb(picture)
    pixels, lost = fit_pixels(picture.pixels, target)
    fitted, left_out = fit_metadata(replace(picture, pixels=pixels), target)
    return fitted, (*picture.notes[before:], *lost, *left_out)


def fit_metadata(picture: Picture, target: Format) -> tuple[Picture, tuple[str, ...]]:
    """What goes with pixels that the format holds, as it can be held, and what was left out."""
    notes: list[str] = []
    picture = _fit_colours(picture, target, notes)
    picture = replace(
        picture,
        exif=_fit_block(picture.exif, "exif", "EXIF", EXIF_LIMIT, target, notes),
        xmp=_fit_block(picture.xmp, "xmp", "XMP", XMP_LIMIT, target, notes),
    )
    if picture.dpi is not None and "dpi" not in target.holds and "exif" in target.holds:
        with suppress(*DAMAGE, OverflowError):  # EXIF that cannot be read has no place for it
            picture = replace(picture, exif=with_resolution(picture.exif, picture.dpi))
    return picture, tuple(notes)


def _fit_colours(picture: Picture, target: Format, notes: list[str]) -> Picture:
    """With a profile, or chunks of PNG, that the pixels and the format can have."""
    if target.name != "PNG":
        if any(kind == b"cICP" for kind, _ in picture.chunks):
            notes.append(f"{target.title} cannot say what the colours are as the PNG does (cICP); see how they look.")
        profile = profile_of(picture) if "icc" in target.holds else None
        picture = replace(picture, icc=profile, chunks=())
    if picture.icc is None or picture.icc[16:20] == PROFILES[picture.pixels.shape[2]]:
        return picture
    if picture.icc[16:20] == b"GRAY":  # the format has no grey, and so no such profile
        return replace(picture, icc=None)
    notes.append("The colour profile does not fit the pixels and was left out.")
    return replace(picture, icc=None)


def _fit_block(
    block: bytes | None, name: str, title: str, limit: int, target: Format, notes: list[str]
) -> bytes | None:
    if block is None:
        return None
    if name not in target.holds:
        notes.append(f"{target.title} has no {title} data; it was left out.")
        return None
    if target.name == "JPEG" and len(block) > limit:
        notes.append(f"The {title} data is too long for a JPEG and was left out.")
        return None
    return block


def fit_pixels(pixels: Array, target: Format) -> tuple[Array, list[str]]:
    """Pixels in a number of channels and a depth that the format holds, and what that lost."""
    notes: list[str] = []
    if pixels.dtype.name not in target.depths:
        depth = "uint16" if pixels.dtype.kind == "f" and "uint16" in target.depths else "uint8"
        notes.append(f"{target.title} has no {DEPTHS[pixels.dtype.name]} levels; {SAID[depth]} were written.")
        pixels = _shallower(pixels, depth, notes)
    if pixels.shape[2] in (1, 2) and not {1, 2} & set(target.channels):
        pixels = np.concatenate([pixels[..., :1].repeat(3, axis=2), pixels[..., 1:]], axis=2)
    if pixels.shape[2] == 2 and 2 not in target.channels and 4 in target.channels:
        pixels = np.concatenate([pixels[..., :1].repeat(3, axis=2), pixels[..., 1:]], axis=2)
    if pixels.shape[2] not in target.channels:
        pixels = _flattened(pixels)
        notes.append(f"{target.title} has no transparency; the picture was put on white.")
    if target.palette:
        notes += _beyond_palette(pixels, target)
    return np.ascontiguousarray(pixels), notes


def _beyond_palette(pixels: Array, target: Format) -> list[str]:
    """What is said of uint8 pixels with more colours than a palette, or that are seen in part."""
    notes: list[str] = []
    colour = pixels[..., : pixels.shape[2] - 1 + pixels.shape[2] % 2]
    codes = colour.astype(np.uint32) @ (1 << 8 * np.arange(colour.shape[2], dtype=np.uint32))
    if np.unique(codes).size > COLOURS:
        notes.append(f"{target.title} has 256 colours for each picture; the nearest were taken.")
    if pixels.shape[2] in (2, 4) and np.any((pixels[..., -1] > 0) & (pixels[..., -1] < 255)):
        notes.append(f"In {target.title} a pixel is seen or not; half transparent ones were made one of them.")
    return notes


def _shallower(pixels: Array, depth: str, notes: list[str]) -> Array:
    """Levels rounded half up; of floats, what is below 0 or above 1 is cut off."""
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    colour = pixels[..., : pixels.shape[2] - 1 + pixels.shape[2] % 2]
    if colour.size and (colour.min() < 0 or colour.max() > 1):
        notes.append("Values below 0 or above 1 were cut off.")
    return np.floor(np.clip(pixels.astype(np.float64), 0, 1) * np.iinfo(depth).max + 0.5).astype(depth)


def _flattened(pixels: Array) -> Array:
    """Without its alpha channel, on white, rounded half up."""
    colour, alpha = pixels[..., :-1].astype(np.uint32), pixels[..., -1:].astype(np.uint32)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
