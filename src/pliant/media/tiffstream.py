"""Writing a TIFF strip by strip, without ever holding the picture; beyond 4 GiB as BigTIFF.

The tags come first, with the places of strips that are not written yet; they are written again when all strips are.
Source: TIFF, revision 6.0; BigTIFF, https://www.awaresystems.be/imaging/tiff/bigtiff.html.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pliant.media.picture import Chunks, Picture
from pliant.media.tifftags import COUNTS, LEVEL, LONG, OFFSETS, ROWS, describe, differences, layout

Array = NDArray[Any]
CLASSIC, BIG = b"II*\0\x08\0\0\0", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0"
MOST = 2**32 - (1 << 26)  # bytes of pixels that a file with offsets of 32 bits surely holds
LONG8 = 16  # a type of tags
STRIP = 1 << 20  # bytes of pixels


class TiffStream:
    """An open TIFF file that takes its rows from the top to the bottom.

    `size` is (width, height); rows are uint8, uint16 or float32 [n, width, channels].
    """

    def __init__(
        self,
        file: BinaryIO,
        size: tuple[int, int],
        channels: int,
        dtype: np.dtype[Any],
        icc: bytes | None = None,
        exif: bytes | None = None,
        dpi: tuple[float, float] | None = None,
        xmp: bytes | None = None,
        chunks: Chunks = (),
    ) -> None:
        del chunks
        width, height = size
        bytes_of_row = width * channels * np.dtype(dtype).itemsize
        self._file, self._big = file, bytes_of_row * height > MOST
        self._rows = max(1, min(height, STRIP // bytes_of_row))
        like = np.broadcast_to(np.zeros((), dtype), (height, width, channels))
        self._picture = Picture(like, "TIFF", icc, exif, dpi, xmp=xmp)
        self._counts: list[int] = []
        self._waiting: list[Array] = []
        file.write(self._tags([0] * -(-height // self._rows)))

    def write(self, rows: Array) -> None:
        """The next rows."""
        waiting = np.concatenate([*self._waiting, rows]) if self._waiting else rows
        whole = len(waiting) // self._rows * self._rows
        for first in range(0, whole, self._rows):
            self._put(waiting[first : first + self._rows])
        self._waiting = [waiting[whole:].copy()] if whole < len(waiting) else []

    def close(self) -> None:
        """Finish the file; all rows have been written."""
        for rest in self._waiting:
            self._put(rest)
        self._file.seek(0)
        self._file.write(self._tags(self._counts))
        self._file.seek(0, 2)

    def _put(self, rows: Array) -> None:
        data = zlib.compress(differences(rows), LEVEL)
        self._counts.append(len(data))
        self._file.write(data)

    def _tags(self, counts: list[int]) -> bytes:
        """The beginning of the file, equally long whatever the lengths of the strips are."""
        tags = ImageFileDirectory_v2(BIG if self._big else CLASSIC)
        describe(tags, self._picture)
        layout(tags, self._picture.pixels)
        tags.tagtype[OFFSETS] = tags.tagtype[COUNTS] = LONG8 if self._big else LONG
        tags[ROWS], tags[COUNTS] = self._rows, tuple(counts)
        tags[OFFSETS] = tuple(int(at) for at in np.cumsum([0, *counts], dtype=np.int64)[:-1])  # behind the tags
        head = BytesIO()
        tags.save(head)
        return head.getvalue()
