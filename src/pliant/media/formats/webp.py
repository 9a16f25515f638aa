"""WebP: 8 bits, still and moving."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from pliant.media.formats._sequence import write_sequence
from pliant.media.formats.base import Format
from pliant.media.picture import Array, Motion, Picture

QUALITY = 95


def animate(file: BinaryIO, picture: Picture, motion: Motion, frames: Iterable[Array]) -> None:
    """See `Format.animate`."""
    write_sequence(file, picture, motion, frames, FORMAT, loop=motion.plays, method=4)


FORMAT = Format(
    "WebP",
    "WEBP",
    (".webp",),
    16_383,
    (3, 4),
    holds=frozenset({"icc", "exif", "xmp"}),
    options={"quality": QUALITY},
    animate=animate,
)
