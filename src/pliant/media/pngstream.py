"""Writing a PNG strip by strip, without ever holding the picture.

Source: Portable Network Graphics Specification, third edition, https://www.w3.org/TR/png-3/, chapters 9 to 11.
"""

from __future__ import annotations

import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pliant.media.picture import Chunks
from pliant.media.png16 import chunk, header

Array = NDArray[Any]
LEVEL = 4  # of zlib: of large pictures 6 saves about 2 % more and takes twice as long
ROWS = 64  # that are filtered together
SUB, UP, AVERAGE = 1, 2, 3  # filter types


class PngStream:
    """An open PNG file that takes its rows from the top to the bottom.

    `size` is (width, height); rows are uint8 or uint16 [n, width, channels].
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
        self._file, self._compressor = file, zlib.compressobj(LEVEL)
        self._wide = np.dtype(dtype).itemsize
        self._pixel = channels * self._wide
        self._above = np.zeros((1, size[0] * self._pixel), np.uint8)
        file.write(header(size, channels, 8 * self._wide, icc, exif, dpi, xmp, chunks))

    def write(self, rows: Array) -> None:
        """The next rows."""
        for first in range(0, len(rows), ROWS):
            levels = np.ascontiguousarray(rows[first : first + ROWS], ">u2" if self._wide == 2 else np.uint8)
            raw = levels.view(np.uint8).reshape(len(levels), -1)
            self._put(self._compressor.compress(filtered(raw, self._above, self._pixel).tobytes()))
            self._above = raw[-1:].copy()

    def close(self) -> None:
        """Finish the file; all rows have been written."""
        self._put(self._compressor.flush())
        self._file.write(chunk(b"IEND", b""))

    def _put(self, data: bytes) -> None:
        if data:
            self._file.write(chunk(b"IDAT", data))


def packed(pixels: Array) -> bytes:
    """The data of a PNG of uint8 [h, w, channels]."""
    compressor, above, parts = zlib.compressobj(LEVEL), np.zeros((1, pixels[0].size), np.uint8), list[bytes]()
    for first in range(0, len(pixels), ROWS):
        raw = np.ascontiguousarray(pixels[first : first + ROWS]).reshape(-1, above.shape[1])
        parts.append(compressor.compress(filtered(raw, above, pixels.shape[2]).tobytes()))
        above = raw[-1:]
    return b"".join([*parts, compressor.flush()])


def filtered(raw: Array, over: Array, pixel: int) -> Array:
    """Each row as differences to its neighbours, by the filter with the smallest ones, its number in front.

    `raw` are bytes, `over` those of the row above, and `pixel` is how many make one.
    """
    above = np.vstack([over, raw[:-1]])
    left = np.zeros_like(raw)
    left[:, pixel:] = raw[:, :-pixel]
    average = ((left.astype(np.uint16) + above) >> 1).astype(np.uint8)
    tried = [raw - left, raw - above, raw - average]
    sums = np.stack([np.abs(rows.view(np.int8)).astype(np.uint8).sum(axis=1, dtype=np.int64) for rows in tried])
    best = sums.argmin(axis=0)
    out = np.empty((len(raw), raw.shape[1] + 1), np.uint8)
    for k, kind in enumerate((SUB, UP, AVERAGE)):
        chosen = best == k
        out[chosen, 0] = kind
        out[chosen, 1:] = tried[k][chosen]
    return out
