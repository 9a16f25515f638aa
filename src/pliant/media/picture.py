"""A picture with everything that must survive the way through a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Picture:
    """Upright pixels and what goes with them.

    `pixels` is [h, w, c]: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha (not premultiplied). They are uint8,
    or uint16. `icc` is a colour profile, `exif` an EXIF block that says upright, `dpi` horizontal
    and vertical pixels per inch; each may be missing. `format` is Pillow's name of the format read. `notes` are
    sentences about what reading lost.
    """

    pixels: Array
    format: str
    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]
