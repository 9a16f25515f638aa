"""One tile of a picture: from levels to network values of its part of the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.imaging.finite import finite
from pliant.imaging.grid import Axis, Span
from pliant.imaging.network import Network
from pliant.imaging.parts import Parts
from pliant.imaging.resample import reduced
from pliant.window import Placed, Window

Array = NDArray[Any]


@dataclass(frozen=True)
class Tile:
    """What one tile is, along rows and columns."""

    rows: Span
    columns: Span

    @property
    def crops(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows and columns of the source that the network sees."""
        return self.rows.crop, self.columns.crop

    @property
    def size(self) -> tuple[int, int]:
        """Of its part of the result."""
        return self.rows.wide[1] - self.rows.wide[0], self.columns.wide[1] - self.columns.wide[0]


@dataclass(frozen=True)
class Tiler:
    """Computes tiles of one picture."""

    network: Network
    parts: Parts
    factor: float
    rows: Axis
    columns: Axis

    def placed(self, tile: Tile) -> Placed:
        """Where the result of the tile's crop lies in what is computed of the whole."""
        channels = self.network.picture.dims[1].size or 3
        window = self._window(tile)
        return self.parts.place(np.broadcast_to(np.float32(0), (1, channels, *window.size)), self.factor, window)

    def __call__(self, tile: Tile, values: Array) -> Array:
        """The tile's part of the result, network values [1, c, *tile.size], from those of its crop."""
        window = self._window(tile)
        extra = [size - side for size, side in zip(window.size, values.shape[2:], strict=True)]
        if any(extra):
            values = np.pad(values, ((0, 0), (0, 0), (0, extra[0]), (0, extra[1])), mode="edge")
        placed = self.parts.place(values, self.factor, window)
        return self._part(self.parts.run(values, self.factor, window), tile, placed)

    def _window(self, tile: Tile) -> Window:
        crops = tile.crops
        return Window(
            (self.rows.taken, self.columns.taken),
            (crops[0][0], crops[1][0]),
            (crops[0][1] - crops[0][0], crops[1][1] - crops[1][0]),
        )

    def _part(self, computed: Array, tile: Tile, placed: Placed) -> Array:
        """The result's pixels of what was computed for a crop."""
        axes = ((self.rows, tile.rows, placed.start[0]), (self.columns, tile.columns, placed.start[1]))
        if all(axis.computed == axis.result for axis, _, _ in axes):
            rows, columns = (slice(span.wide[0] - start, span.wide[1] - start) for _, span, start in axes)
            return computed[:, :, rows, columns]
        top, left = ((span.wide[0] * axis.reduction - start) for axis, span, start in axes)
        bottom, right = ((span.wide[1] * axis.reduction - start) for axis, span, start in axes)
        ends = computed.shape[2:]
        return reduced(finite(computed), tile.size, (left, top, min(right, ends[1]), min(bottom, ends[0])))
