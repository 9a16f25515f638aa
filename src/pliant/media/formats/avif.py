"""AVIF, where Pillow was built with it: 8 bits are written, still and moving."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from PIL import features

from pliant.errors import UsageError
from pliant.media.formats._sequence import write_sequence
from pliant.media.formats.base import Format
from pliant.media.picture import Array, Motion, Picture

HIGH_BITS = 0x40  # of the third byte of av1C


def needs() -> None:
    """See `Format.needs`."""
    if not features.check("avif"):
        raise UsageError("This Pillow was built without AVIF; install Pillow 11.3 or newer from PyPI, or use PNG.")


def is_deep(path: Path) -> bool:
    """Whether the file has more than 8 bits, of which Pillow gives 8: the box av1C tells, near the beginning."""
    with path.open("rb") as file:
        beginning = file.read(1 << 16)
    at = beginning.find(b"av1C")
    return 0 <= at < len(beginning) - 6 and bool(beginning[at + 6] & HIGH_BITS)


def animate(file: BinaryIO, picture: Picture, motion: Motion, frames: Iterable[Array]) -> None:
    """See `Format.animate`."""
    write_sequence(file, picture, motion, frames, FORMAT)


# libavif writes longer sides, and then refuses to read them
FORMAT = Format(
    "AVIF",
    "AVIF",
    (".avif",),
    32_768,
    (1, 3, 4),
    holds=frozenset({"icc", "exif", "xmp"}),
    area=2**28,
    options={"quality": 90, "subsampling": "4:4:4"},
    needs=needs,
    is_deep=is_deep,
    animate=animate,
)
