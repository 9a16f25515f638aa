"""What a picture format is. Each is one file beside this one, which declares `FORMAT`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from PIL import Image

from pliant.media.picture import Array, Motion, Picture

METADATA = frozenset({"icc", "exif", "xmp", "dpi"})


def anything() -> None:
    """Nothing is missing."""


class Stream(Protocol):
    """A file that takes its rows from the top to the bottom."""

    def write(self, rows: Array) -> None:
        """The next rows [n, width, channels]."""
        ...

    def close(self) -> None:
        """Finish the file; all rows have been written."""
        ...


@dataclass(frozen=True)
class Format:
    """A format that is read and written.

    `title` is for people, `name` and `names` are those that Pillow gives files that are read as it. `suffixes` begins
    with the usual one. `ceiling` is the longest side in pixels, `area` the most pixels, `size_limit` the most bytes of
    uncompressed pixels. `channels` are the numbers of channels it holds, `depths` the dtypes of their levels, `holds`
    the metadata. With `palette` it has few colours, and pixels are seen or not. `options` go to Pillow. What is
    `only_written` is written strip by strip, whatever its size.

    Functions:
        needs: raises UsageError if a package that writes the format is missing.
        encode: the file of a picture that fits, where Pillow does not write it well enough.
        stream: opens a file for rows that come one after the other: (file, its path when it is complete, (width,
            height), channels, dtype, profile, EXIF, resolution, XMP, chunks of a PNG).
        animate: writes the frames, uint8 [h, w, c] with the channels of the picture, that become a moving picture.
        recognise: whether the beginning of a file is this format; for what Pillow does not open itself.
        open: opens a recognised file as Pillow would.
        deep: the pixels of an opened file where Pillow would lose some of their depth; None for all others.
        is_deep: whether a file has more than 8 bits of which 8 are read.
        foreign: reads a recognised file that Pillow refuses, or its size alone.
    """

    title: str
    name: str
    suffixes: tuple[str, ...]
    ceiling: int
    channels: tuple[int, ...] = (1, 2, 3, 4)
    depths: tuple[str, ...] = ("uint8",)
    holds: frozenset[str] = METADATA
    palette: bool = False
    only_written: bool = False
    area: int | None = None
    size_limit: int | None = None
    names: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    needs: Callable[[], None] = anything
    encode: Callable[[Picture, Format], bytes] | None = None
    stream: Callable[..., Stream] | None = None
    animate: Callable[[BinaryIO, Picture, Motion, Iterable[Array]], None] | None = None
    recognise: Callable[[bytes], bool] | None = None
    open: Callable[[Path], Image.Image] | None = None
    deep: Callable[[Image.Image, Path], Array | None] | None = None
    is_deep: Callable[[Path], bool] | None = None
    foreign: Callable[[Path, bool], Picture] | None = None

    def reads(self, name: str) -> bool:
        """Whether a file that was read as `name` is of this format."""
        return name == self.name or name in self.names
