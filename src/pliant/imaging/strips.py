"""A picture of any size, upscaled strip by strip: the result is never in memory as network values.

A strip is one row of tiles, from left to right; strips come from the top to the bottom. When memory runs out, tiles
are made half as long and the work goes on with the strip that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.errors import OutOfMemory
from pliant.imaging.blend import Blender, joined
from pliant.imaging.grid import Axis, Span, cores, span, usual
from pliant.imaging.locality import BLENDED, Locality
from pliant.imaging.network import Network
from pliant.imaging.picture import Part, Prepared
from pliant.imaging.sizes import Plan
from pliant.imaging.tiles import Tile, Tiler

Array = NDArray[Any]
SHORTEST = 16  # pixels of the source; smaller tiles need no less memory
ALPHA = 3  # pixels around a tile that its transparency needs


@dataclass
class Strips:
    """The strips of one picture. `side` is the longest side of a tile's core, in pixels of the source.

    `tell` is called with the share of the picture that is done. `halvings` counts how often memory ran out.
    """

    network: Network
    locality: Locality
    plan: Plan
    picture: Prepared
    side: int
    tell: Callable[[float], None]
    halvings: int = 0

    def __iter__(self) -> Iterator[Array]:
        """Levels [rows, width, c]. Raises OutOfMemory if even small tiles are too large."""
        blender, tiler, start = Blender(), self._tiler(), 0
        while start < self.picture.size[0]:
            core = next(cores(tiler.rows, self.side, start))
            try:
                strip, rows = self._strip(tiler, core)
            except (OutOfMemory, MemoryError) as error:
                if self.side <= SHORTEST:
                    raise OutOfMemory(
                        "There is not enough memory even for small tiles; close other programs."
                    ) from error
                self.side, self.halvings = max(SHORTEST, self.side // 2), self.halvings + 1
                continue
            start = core[1]
            yield strip if self.locality.exact else _rounded(blender.add(strip, rows), self.picture.dtype)
            self.tell(start / self.picture.size[0])

    def _tiler(self) -> Tiler:
        plan, step = self.plan, self.locality.step
        taken, least = self.network.taken(plan.source[1], plan.source[0]), self.network.taken(1, 1)
        rows, columns = (
            Axis(plan.source[1 - k], taken[k], plan.factor, plan.computed[1 - k], plan.result[1 - k], step, least[k])
            for k in (0, 1)
        )
        return Tiler(self.network, self.locality.parts, plan.factor, rows, columns)

    def _strip(self, tiler: Tiler, core: tuple[int, int]) -> tuple[Array, Span]:
        tiles = [self._fitting(tiler, core, columns) for columns in cores(tiler.columns, self.side)]
        rows = tiles[0].rows
        if not self.locality.exact:
            return joined((self._levels(tiler, t).swapaxes(0, 1), t.columns) for t in tiles).swapaxes(0, 1), rows
        height, width = rows.own[1] - rows.own[0], self.plan.result[0]
        strip = np.empty((height, width, self.picture.channels), self.picture.dtype)
        for tile in tiles:
            strip[:, slice(*tile.columns.own)] = self._levels(tiler, tile)
        return strip, rows

    def _fitting(self, tiler: Tiler, rows: tuple[int, int], columns: tuple[int, int]) -> Tile:
        """The tile with these cores, with as much around it as its result depends on."""
        radius = [max(reach, ALPHA) for reach in self.locality.radius]
        overlap = 0 if self.locality.exact else BLENDED // 2
        halo = radius
        while True:
            spans = [
                span(axis, core, around, overlap, usual(axis, self.side, around, overlap))
                for axis, core, around in zip((tiler.rows, tiler.columns), (rows, columns), halo, strict=True)
            ]
            tile = Tile(*spans)
            needed = [reach + lost for reach, lost in zip(radius, tiler.placed(tile).lost, strict=True)]
            if all(n <= h for n, h in zip(needed, halo, strict=True)):
                return tile
            halo = [max(n, h) for n, h in zip(needed, halo, strict=True)]

    def _levels(self, tiler: Tiler, tile: Tile) -> Array:
        """Levels of the tile's part of the result; floats where they are to be blended."""
        crops = [slice(crop[0], min(crop[1], size)) for crop, size in zip(tile.crops, self.picture.size, strict=True)]
        sizes = (self.picture.size, (self.plan.result[1], self.plan.result[0]))
        part = Part((crops[0], crops[1]), (slice(*tile.rows.wide), slice(*tile.columns.wide)), sizes)
        return self.picture.upscaled(self.network.image, lambda values: tiler(tile, values), part)


def _rounded(levels: Array, dtype: np.dtype[Any]) -> Array:
    return levels.astype(dtype) if dtype.kind == "f" else np.floor(levels + np.float32(0.5)).astype(dtype)
