"""A picture with everything that must survive the way through a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
Chunks = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Motion:
    """How the frames of a moving picture are shown.

    `durations` has milliseconds for each frame, `plays` how often all are shown, 0 for ever. `frames` decodes them one
    after the other, uint8 [h, w, c], upright, each the whole picture as it is seen, with the channels of the picture.
    """

    durations: tuple[float, ...]
    plays: int
    frames: Callable[[], Iterator[Array]]


@dataclass(frozen=True)
class Picture:
    """Upright pixels and what goes with them.

    `pixels` is [h, w, c]: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha (not premultiplied). They are uint8,
    uint16, or float32, which are finite, with 0 for black and 1 for white. `icc` is a colour profile, `exif` an EXIF
    block that says upright, `dpi` horizontal and vertical pixels per inch, `xmp` an XMP packet that says upright; each
    may be missing. `format` is Pillow's name of the format read. `notes` are sentences about what reading lost.
    `chunks` are the kinds and contents of PNG chunks that say what colours mean, where there is no profile. `motion`
    tells the frames of a moving picture, of which `pixels` is the first.
    """

    pixels: Array
    format: str
    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    xmp: bytes | None = None
    chunks: Chunks = ()
    motion: Motion | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]
