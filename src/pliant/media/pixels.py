"""Pixels as they are read: upright, finite, not multiplied by their alpha, and not more than can be held."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pliant.errors import PictureError
from pliant.media.picture import Array

MOST = 178_956_970  # pixels that a file may claim to have; Pillow's own limit, for what it does not read


def check_claim(path: Path, width: int, height: int) -> None:
    """Raise PictureError if a file claims more pixels than are read; to be called before any is decoded."""
    if width * height > MOST:
        raise too_many(path)


def too_many(path: Path) -> PictureError:
    """What is said of such a file."""
    return PictureError(f"{path} claims to have more than {MOST // 10**6} MP, the most that is read; crop it first.")


def check_finite(pixels: Array, path: Path) -> None:
    """Raise PictureError if floats are infinite or NaN."""
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise PictureError(f"{path} has values that are infinite or no numbers; replace them by numbers first.")


def upright(pixels: Array, orientation: int) -> Array:
    """Upright, from the eight orientations of EXIF; each of those from 5 on swaps width and height."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def separated(pixels: Array) -> Array:
    """Colours that were multiplied by their alpha as they are without it; those of empty pixels are 0."""
    top = np.float64(np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1)
    colour, alpha = pixels[..., :-1].astype(np.float64), pixels[..., -1:].astype(np.float64)
    plain = np.divide(colour * top, alpha, out=np.zeros_like(colour), where=alpha > 0)
    if pixels.dtype.kind == "u":
        plain = np.floor(np.minimum(plain, top) + 0.5)
    return np.concatenate([plain.astype(pixels.dtype), pixels[..., -1:]], axis=2)
