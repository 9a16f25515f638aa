"""How the parts of a network for a whole factor fit together, as plain numbers that a file can hold."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

Sides = tuple[int, int, int, int]  # top, left, bottom, right
CACHED = 16 * 2**20  # bytes of the widest layer of a block: best from 4 to 16 MB, and beyond where caches are large
SHORTEST = 16  # pixels of a side of a picture or a block


@dataclass(frozen=True)
class Geometry:
    """Of one network and one factor. All sides are rows and columns of the result: top, left, bottom, right.

    `channels` are those of the result, `widest` the most numbers that a layer makes for one pixel of the source.
    `margins` are missing from the result of a crop inside of the picture, and `damage` is wrong at the borders of a
    picture whose edge was repeated. `inner` is what is missing from the inner side of the strip along each side.
    """

    factor: int
    channels: int
    widest: int
    margins: Sides
    damage: Sides
    inner: Sides

    @property
    def side(self) -> int:
        """Pixels of the source on a side of a block."""
        return max(SHORTEST, int((CACHED / (4 * self.widest)) ** 0.5))

    @property
    def reach(self) -> Sides:
        """Rows and columns of the source around a block that it is computed from."""
        a, b, c, d = (ceil(margin / self.factor) for margin in self.margins)
        return a, b, c, d

    @property
    def strips(self) -> Sides:
        """Rows or columns of the source that the strip along each side is computed from."""
        both = zip(self.damage, self.inner, strict=True)
        a, b, c, d = (ceil((damage + inner) / self.factor) for damage, inner in both)
        return a, b, c, d

    def fits(self, height: int, width: int) -> bool:
        """Whether a picture is large enough for strips that do not meet."""
        return min(height, width) >= max(2 * max(self.strips), SHORTEST)

    def to_json(self) -> bytes:
        """What `from_json` reads."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Geometry:
        """Raises ValueError or TypeError for what `to_json` did not write."""
        read: dict[str, Any] = json.loads(text)
        sides: dict[str, Any] = {name: tuple(read.pop(name)) for name in ("margins", "damage", "inner")}
        return cls(**read, **sides)
