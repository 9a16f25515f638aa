"""Writing a PNG strip by strip, without ever holding the picture.

Source: Portable Network Graphics Specification, third edition, https://www.w3.org/TR/png-3/, chapters 9 to 11.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from pliant.media.deflate import LEVEL, Deflater
from pliant.media.picture import Chunks
from pliant.media.png16 import chunk, header

Array = NDArray[Any]
BLOCK = 1 << 19  # bytes that are filtered and compressed together: a thread's share
FILTERS = SUB, UP, AVERAGE = 1, 2, 3  # their types
SAMPLES, SAMPLE = 4, 4  # where the filter of a block is found out: so many times so many rows


class PngStream:
    """An open PNG file that takes its rows from the top to the bottom.

    `size` is (width, height); rows are uint8 or uint16 [n, width, channels], which must not change afterwards: other
    threads compress them while the next are computed.
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
        self._file = file
        wide = np.dtype(dtype).itemsize
        self._rows = _Rows(lambda data: _idat(file, data), channels * wide)
        file.write(header(size, channels, 8 * wide, icc, exif, dpi, xmp, chunks))

    def write(self, rows: Array) -> None:
        """The next rows."""
        self._rows.write(rows)

    def close(self) -> None:
        """Finish the file; all rows have been written."""
        self._rows.close()
        self._file.write(chunk(b"IEND", b""))


class _Rows:
    """The data of a PNG under way to `put`; `pixel` is how many bytes make a pixel."""

    def __init__(self, put: Callable[[bytes], None], pixel: int) -> None:
        self._deflater, self._pixel = Deflater(put), pixel
        self._above: Array | None = None

    def write(self, rows: Array) -> None:
        """The next rows, uint8 or uint16 [n, width, channels]."""
        levels = np.ascontiguousarray(rows, ">u2" if rows.dtype.itemsize == 2 else np.uint8)
        raw = levels.view(np.uint8).reshape(len(levels), -1)
        above = np.zeros_like(raw[:1]) if self._above is None else self._above
        step = max(1, BLOCK // raw.shape[1])
        for first in range(0, len(raw), step):
            block = raw[first : first + step]
            self._deflater.write(partial(_filtered_bytes, block, above, self._pixel))
            above = block[-1:]
        self._above = above.copy()  # and not all rows with it

    def close(self) -> None:
        """All rows have been written."""
        self._deflater.close()


def _idat(file: BinaryIO, data: bytes) -> None:
    file.write(chunk(b"IDAT", data))


def encode(
    pixels: Array,
    icc: bytes | None = None,
    exif: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    xmp: bytes | None = None,
    chunks: Chunks = (),
) -> bytes:
    """A PNG file of uint8 or uint16 [h, w, c] with 1 to 4 channels. `chunks` say what colours mean without `icc`."""
    file, (height, width, channels) = BytesIO(), pixels.shape
    stream = PngStream(file, (width, height), channels, pixels.dtype, icc, exif, dpi, xmp, chunks)
    stream.write(pixels)
    stream.close()
    return file.getvalue()


def packed(pixels: Array) -> bytes:
    """The data of a PNG of uint8 [h, w, channels]."""
    parts = list[bytes]()
    rows = _Rows(parts.append, pixels.shape[2])
    rows.write(pixels)
    rows.close()
    return b"".join(parts)


def _filtered_bytes(raw: Array, over: Array, pixel: int) -> memoryview:
    return filtered(raw, over, pixel).data


def filtered(raw: Array, over: Array, pixel: int) -> Array:
    """Rows as differences to their neighbours, each with the number of its filter in front.

    `raw` are bytes, `over` those of the row above, and `pixel` is how many make one. All rows have the filter after
    which some of them are compressed best: small differences, the usual measure, say less about that.
    """
    some = _some(len(raw))
    above = [raw[row - 1] if row else over[0] for row in some]
    tried = [_differences(raw[some], np.stack(above), kind, pixel) for kind in FILTERS]
    best = FILTERS[int(np.argmin([len(isal_zlib.compress(rows, LEVEL)) for rows in tried]))]
    out = np.empty((len(raw), raw.shape[1] + 1), np.uint8)
    out[:, 0] = best
    _differences(raw[:1], over, best, pixel, out[:1, 1:])
    _differences(raw[1:], raw[:-1], best, pixel, out[1:, 1:])
    return out


def _some(rows: int) -> list[int]:
    places = np.linspace(0, rows - 1, SAMPLES, dtype=int).tolist()
    near = {place + k - SAMPLE // 2 for place in places for k in range(SAMPLE)}
    return sorted(row for row in near if 0 <= row < rows)


def _differences(raw: Array, above: Array, kind: int, pixel: int, out: Array | None = None) -> Array:
    """Bytes less what the filter `kind` foretells from the pixel to the left, the one above, or the mean of both."""
    made = np.empty_like(raw) if out is None else out
    if kind == UP:
        return np.subtract(raw, above, out=made)
    left = raw[:, :-pixel]
    if kind == SUB:
        made[:, :pixel] = raw[:, :pixel]
        return _after(made, pixel, raw, left)
    made[:, :pixel] = raw[:, :pixel] - (above[:, :pixel] >> 1)
    # the mean of two bytes, rounded down, without a ninth bit: what they share, and half of where they differ
    return _after(made, pixel, raw, (left & above[:, pixel:]) + ((left ^ above[:, pixel:]) >> 1))


def _after(made: Array, pixel: int, raw: Array, foretold: Array) -> Array:
    np.subtract(raw[:, pixel:], foretold, out=made[:, pixel:])
    return made
