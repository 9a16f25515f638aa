"""GIF: 256 colours for each frame, one of them transparent."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from io import BytesIO
from itertools import chain
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.GifImagePlugin import getdata

from pliant.media.changes import changed_parts
from pliant.media.formats.base import Format
from pliant.media.picture import Array, Motion, Picture

COLOURS = 255  # and a transparent one
SEEN = 128  # the alpha from which on a pixel is seen
KEEP, CLEAR = 1, 2  # what becomes of a frame when its time is over
REFINED = 2  # rounds in which the colours are moved to the middle of what they stand for


def encode(picture: Picture, target: Format) -> bytes:
    """See `Format.encode`."""
    del target
    file = BytesIO()
    _write(file, [picture.pixels], [0], 1)
    return file.getvalue()


def animate(file: BinaryIO, picture: Picture, motion: Motion, frames: Iterable[Array]) -> None:
    """See `Format.animate`. Durations are whole hundredths of a second in GIF."""
    del picture
    _write(file, frames, motion.durations, motion.plays)


def _write(file: BinaryIO, frames: Iterable[Array], durations: Iterable[float], plays: int) -> None:
    for k, (((left, top), part), duration) in enumerate(zip(_parts(frames), durations, strict=True)):
        if k == 0:
            file.write(_header(part.shape[1], part.shape[0], plays))
        alpha = part.shape[2] in (2, 4)
        shown: dict[str, int] = {"disposal": CLEAR, "transparency": COLOURS} if alpha else {"disposal": KEEP}
        if duration:
            shown["duration"] = round(duration / 10) * 10
        file.writelines(getdata(_indexed(part), (left, top), include_color_table=True, **shown))
    file.write(b";")


def _parts(frames: Iterable[Array]) -> Iterable[tuple[tuple[int, int], Array]]:
    """What is written of each frame: of opaque ones what changes, of others everything, on empty ground."""
    coming = iter(frames)
    first = next(coming)
    everything = chain([first], coming)
    if first.shape[2] in (2, 4):
        return (((0, 0), frame) for frame in everything)
    return changed_parts(everything)


def _header(width: int, height: int, plays: int) -> bytes:
    """Up to the first frame. A picture that is shown once says nothing; others say how often it is repeated."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0b0111_0000, 0, 0)
    if plays == 1:
        return screen
    return screen + b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", max(0, min(plays - 1, 0xFFFF)), 0)


def _indexed(part: Array) -> Image.Image:
    """With the 255 colours that stand best for its own, where it has more."""
    colour = part[..., : part.shape[2] - 1 + part.shape[2] % 2]
    if colour.shape[2] == 1:
        colour = colour.repeat(3, axis=2)
    hidden = part[..., -1] < SEEN if part.shape[2] in (2, 4) else None
    if hidden is not None and hidden.any() and not hidden.all():
        colour = np.where(hidden[..., None], colour[~hidden][0], colour)  # what is not seen needs no colour
    image = Image.fromarray(np.ascontiguousarray(colour))
    indexed = image.quantize(COLOURS, kmeans=REFINED)
    if hidden is not None:
        indices = np.where(hidden, np.uint8(COLOURS), np.asarray(indexed))
        palette = (indexed.getpalette() or [])[: 3 * COLOURS]
        indexed = Image.fromarray(indices)
        indexed.putpalette([*palette, *[0] * (768 - len(palette))])
    return indexed


FORMAT = Format(
    "GIF",
    "GIF",
    (".gif",),
    65_535,
    holds=frozenset(),
    palette=True,
    encode=encode,
    animate=animate,
)
