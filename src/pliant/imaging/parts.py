"""Running a network on crops of a picture.

There are two ways. A model that resizes, or asks for sizes in another way, runs on a crop with the geometry of the
whole picture (`pliant.window`), so that phases and roundings are those of the whole. Any model runs on a crop as on a
picture of its own, which for convolutions alone is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor, frexp
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pliant.engines.base import Windowed
from pliant.errors import InputError, UsageError
from pliant.imaging.network import Network
from pliant.window import Placed, Size, Window

Array = NDArray[Any]


class Parts(Protocol):
    """A network on crops. `window` is in pixels of a picture whose sides the network takes."""

    def place(self, crop: Array, factor: float, window: Window) -> Placed:
        """Where the result goes; only the shape of `crop` [1, c, h, w] counts."""
        ...

    def run(self, crop: Array, factor: float, window: Window) -> Array:
        """The result of a crop, float32 [1, c, *size] with the size that `place` tells; it need not be finite."""
        ...


@dataclass(frozen=True)
class AsPart:
    """Crops with the geometry of the whole picture."""

    network: Network
    windowed: Windowed

    def place(self, crop: Array, factor: float, window: Window) -> Placed:
        """See `Parts`."""
        return self.windowed.place(self.network.arguments(crop, factor), window)

    def run(self, crop: Array, factor: float, window: Window) -> Array:
        """See `Parts`."""
        given, pixels = self.network.arguments(crop, factor), crop.shape[2] * crop.shape[3]
        result = self.network.held.during(pixels, lambda: self.windowed.run(given, window))
        return np.ascontiguousarray(result, np.float32)


@dataclass(frozen=True)
class Alone:
    """Crops as pictures of their own."""

    network: Network

    def place(self, crop: Array, factor: float, window: Window) -> Placed:
        """See `Parts`. A crop ends where the result of a picture that ends there would."""
        height, width = (floor(side * factor) for side in crop.shape[2:])
        start = (floor(window.end[0] * factor) - height, floor(window.end[1] * factor) - width)
        return Placed(start, (height, width))

    def run(self, crop: Array, factor: float, window: Window) -> Array:
        """See `Parts`."""
        height, width = self.place(crop, factor, window).size
        return self.network(crop, factor)[:, :, :height, :width]


def ways(network: Network, factor: float) -> Iterator[Parts]:
    """How crops may be run, the one to try first first; what needs further packages is made when it is asked for."""
    alone = Alone(network)
    # files of other exporters resize with ONNX's own operator, which as a part takes a matrix of all its weights
    own = network.factor is not None and not network.session.contract.inferred
    # where a resize divides by a power of two, all that it computes is exact wherever a crop lies
    first = not own or frexp(factor)[0] == 0.5
    if first:
        yield alone
    cut = windowed(network)
    if cut is not None:
        yield AsPart(network, cut)
    if not first:
        yield alone


def windowed(network: Network) -> Windowed | None:
    """The network for crops with the geometry of the whole picture; None if that cannot be had here."""
    try:
        return network.session.windowed()
    except (InputError, UsageError):  # the geometry cannot be cut in parts, or a package for that is missing
        return None


def window_of(whole: Size, rows: tuple[int, int], columns: tuple[int, int]) -> Window:
    """The window from `rows[0]`, `columns[0]` to before `rows[1]`, `columns[1]`."""
    return Window(whole, (rows[0], columns[0]), (rows[1] - rows[0], columns[1] - columns[0]))
