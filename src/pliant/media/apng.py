"""Writing a moving PNG frame by frame; Pillow would hold all frames.

Source: Portable Network Graphics Specification, third edition, https://www.w3.org/TR/png-3/, clause 11.3.6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import BinaryIO

from pliant.media.changes import changed_parts
from pliant.media.picture import Array, Motion, Picture
from pliant.media.png16 import chunk, header
from pliant.media.pngstream import packed

LAST = 0xFFFF  # that a part of a duration can be


def animate(file: BinaryIO, picture: Picture, motion: Motion, frames: Iterable[Array]) -> None:
    """See `Format.animate`. After the first frame only the part that changes is written."""
    numbers = _counting()
    for k, ((left, top), part) in enumerate(changed_parts(frames)):
        height, width, channels = part.shape
        if k == 0:
            control = chunk(b"acTL", struct.pack(">II", len(motion.durations), motion.plays))
            file.write(
                header(
                    (width, height), channels, 8, picture.icc, picture.exif, picture.dpi, picture.xmp, picture.chunks
                )
            )
            file.write(control)
        numerator, denominator = duration(motion.durations[k])
        place = struct.pack(">5IHHBB", next(numbers), width, height, left, top, numerator, denominator, 0, 0)
        file.write(chunk(b"fcTL", place))
        data = packed(part)
        file.write(chunk(b"IDAT", data) if k == 0 else chunk(b"fdAT", struct.pack(">I", next(numbers)) + data))
    file.write(chunk(b"IEND", b""))


def _counting() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def duration(milliseconds: float) -> tuple[int, int]:
    """A fraction of a second of two numbers of 16 bits."""
    exact = Fraction(milliseconds).limit_denominator(1000) / 1000
    if exact.denominator > LAST:
        exact = exact.limit_denominator(LAST)
    while exact.numerator > LAST and exact.denominator > 1:
        exact = exact.limit_denominator(exact.denominator - 1)
    return min(exact.numerator, LAST), exact.denominator
