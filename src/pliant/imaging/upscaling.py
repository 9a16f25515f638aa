"""Deciding whether a picture is upscaled in one piece or in tiles, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.errors import OutOfMemory
from pliant.imaging.cost import Cost, best_side, measured_cost
from pliant.imaging.facts import cost_of, locality_of
from pliant.imaging.limits import available_memory
from pliant.imaging.locality import Locality, measured
from pliant.imaging.memory import resident
from pliant.imaging.network import Network
from pliant.imaging.picture import Prepared, upscale_whole
from pliant.imaging.pixels import top
from pliant.imaging.sizes import Plan, scaled
from pliant.imaging.strips import Strips

Array = NDArray[Any]
Tell = Callable[[float], None]

AT_ONCE = 2_200_000  # pixels that are computed in one piece: below, finding out about tiles takes longer than the work
SHARE, USUAL = 0.5, 1.0e9  # of the memory that is free, and the most bytes that are used without being asked for
LEAST = 2.5e8  # bytes for the work itself, whatever else is in the process: tiny tiles would take ten times as long
TRIED = 96  # pixels of the side of the part of a picture on which blended tiles are compared with the whole


def side_by_side(pixels: int, calls: int) -> bool:
    """Whether so many pictures may be computed at the same time, with at most `pixels` to compute each.

    Together they are no more than what is computed in one piece anyway.
    """
    return calls > 1 and pixels * calls <= AT_ONCE


@dataclass(frozen=True)
class Limits:
    """`memory` is how many bytes the process may have, a share of what is free if None.

    `tile` is the longest side of a tile in pixels of the source, without what it sees around it; chosen if None.
    `before` is how many bytes are in use beside the network's own, those in use now if None: of several pictures, the
    first leaves the engine with memory that it uses again for the next, which must not be counted as lost.
    """

    memory: int | None = None
    tile: int | None = None
    before: int | None = None

    def room(self, reserved: int, held: int = 0) -> float:
        """Bytes for the work itself, when `reserved` are needed for other things to come.

        `held` are in use, but by the engine, which will use them again.
        """
        used = max(0, (resident() or 0) - held) if self.before is None else self.before
        if self.memory is not None:
            return self.memory - used - reserved
        free = available_memory() * SHARE
        return max(min(USUAL - used - reserved, free - reserved), min(LEAST, free - reserved))


@dataclass(frozen=True)
class _Way:
    """How a network is run in parts, and the longest side of a tile in pixels of the source; None for one piece."""

    locality: Locality
    side: int | None


@dataclass
class Work:
    """One picture to upscale, or pictures of one size one after the other.

    What has to be measured is measured on the first picture and holds for all, so that frames are computed alike.
    `alpha` says whether transparency goes through the "network" or a plain "resize". `notes` are sentences about how it
    was done, complete when all strips are taken.
    """

    network: Network
    plan: Plan
    limits: Limits
    tell: Tell
    notes: tuple[str, ...] = ()
    alpha: str = "network"
    _way: _Way | None = None

    def strips(self, pixels: Array, kept: bool) -> Iterator[Array]:
        """The result from the top to the bottom, levels [rows, width, c].

        `pixels` are as in `Prepared`; `kept` says whether the caller keeps the strips in memory. Raises OutOfMemory.
        """
        picture = Prepared(pixels, self.alpha)
        if picture.stretched:
            self._note("Values go beyond 0 and 1; the network saw them brought into that range, nothing was cut off.")
        if self._way is None and self._at_once():
            try:
                yield upscale_whole(self.network, picture, self.plan)
                return
            except (OutOfMemory, MemoryError):
                if not self._divisible():
                    raise
        yield from self._divided(picture, kept)

    def _at_once(self) -> bool:
        width, height = self.plan.computed
        if not self._divisible():
            return True
        return self.limits.tile is None and self.limits.memory is None and width * height <= AT_ONCE

    def _divisible(self) -> bool:
        return all(dim.live for dim in self.network.picture.dims[2:])

    def _divided(self, picture: Prepared, kept: bool) -> Iterator[Array]:
        if self._way is None:
            self._way = self._chosen(picture, kept)
        locality, side = self._way.locality, self._way.side
        if side is None:
            yield upscale_whole(self.network, picture, self.plan)
            return
        strips = Strips(self.network, locality, self.plan, picture, side, self.tell)
        yield from strips
        if strips.halvings:
            self._note(f"Memory ran out; tiles were made smaller, down to {strips.side} pixels.")
            self._way = _Way(locality, strips.side)

    def _chosen(self, picture: Prepared, kept: bool) -> _Way:
        """How pictures like this one are divided; blended tiles are noted."""
        reserved = self._bytes_of_result(picture) if kept else 0
        network, factor = self.network, self.plan.factor
        locality = network.once(
            "locality", factor, lambda: locality_of(network, factor, lambda: measured(network, factor))
        )
        room = self.limits.room(reserved, network.held.bytes)
        cost = network.once(
            "cost",
            factor,
            lambda: cost_of(network, locality, factor, lambda: measured_cost(network, locality, factor)),
        )
        if not locality.exact and self.limits.tile is None and self._fits(cost, room):
            return _Way(locality, None)
        halo = self.plan.factor * max(locality.radius)
        side = self.limits.tile or max(
            1, int(best_side(cost, room - self._bytes_of_strip(picture), halo) / self.plan.factor)
        )
        if not locality.exact:
            self._note(self._deviation(locality, pixels=picture))
        return _Way(locality, side)

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes += (sentence,)

    def _fits(self, cost: Cost, room: float) -> bool:
        width, height = self.plan.computed
        return cost.bytes_once + cost.bytes_per_pixel * width * height <= room

    def _bytes_of_result(self, picture: Prepared) -> int:
        width, height = self.plan.result
        return width * height * picture.channels * picture.dtype.itemsize

    def _bytes_of_strip(self, picture: Prepared) -> int:
        return 2 * 256 * self.plan.result[0] * picture.channels * picture.dtype.itemsize

    def _deviation(self, locality: Locality, pixels: Prepared) -> str:
        """A sentence on how far blended tiles are from the whole, measured on a part of the picture."""
        part = pixels.middle(TRIED)
        size = (part.size[1], part.size[0])
        made = scaled(size, self.plan.factor)
        plan = replace(self.plan, source=size, computed=made, result=made)
        whole = upscale_whole(self.network, part, plan)
        tiles = np.concatenate(list(Strips(self.network, locality, plan, part, ceil(max(size) / 2), _ignore)))
        levels = 255 / top(part.dtype)
        difference = np.abs(tiles.astype(np.float64) - whole) * levels
        return (
            "The network looks at the whole picture, which does not fit in memory: tiles were blended, and differ from "
            f"the whole by up to {difference.max():.0f} of 255 levels ({difference.mean():.2f} on average) on a part "
            "of this picture."
        )


def _ignore(share: float) -> None:
    del share
