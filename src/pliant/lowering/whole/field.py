"""A map of features on its way through a network of which a part is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.whole.geometry import Sides
from pliant.lowering.whole.taps import Upsampling

Array = NDArray[Any]
NONE: Sides = (0, 0, 0, 0)


class UnsuitedError(Exception):
    """A network that cannot be computed so; the message is a phrase that says why."""


@dataclass(frozen=True)
class Field:
    """A map of `channels`, `scale` times as large as the picture, of which only a part is there.

    `margins` are how many of its rows and columns are not there on each side. `damage` is how many at each border of
    the whole map are wrong, because the picture was continued by repeating its edge where the network pads with zeros.
    `clamped` says that the map itself is continued so: nothing was computed from neighbours yet.

    `parts` hold the phases of each pixel of the picture as further channels, k rows of k phases in one or more parts,
    where `phased`; else there is one part, the map itself. Where `enlarged` is set the map is yet to be enlarged: all
    else describes what it is made from.
    """

    parts: tuple[ir.Value, ...]
    channels: int
    scale: int = 1
    margins: Sides = NONE
    damage: Sides = NONE
    clamped: bool = False
    phased: bool = False
    enlarged: Upsampling | None = None

    @property
    def value(self) -> ir.Value:
        """The only part."""
        (value,) = self.parts
        return value


def added(one: Sides, other: Sides) -> Sides:
    """The sum on each side."""
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3])


def times(sides: Sides, factor: int) -> Sides:
    """Each side so many times."""
    return (sides[0] * factor, sides[1] * factor, sides[2] * factor, sides[3] * factor)


def most(one: Sides, other: Sides) -> Sides:
    """The larger on each side."""
    return (max(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))


def only(sides: Sides, real: tuple[bool, bool, bool, bool]) -> Sides:
    """`sides` where they are at the picture's own border, else 0."""
    a, b, c, d = (side if is_real else 0 for side, is_real in zip(sides, real, strict=True))
    return (a, b, c, d)


def without(sides: Sides, real: tuple[bool, bool, bool, bool]) -> Sides:
    """`sides` where they are not at the picture's own border, else 0."""
    a, b, c, d = real
    return only(sides, (not a, not b, not c, not d))
