"""What a tile costs, measured: memory and time for each pixel that the network sees."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.errors import OutOfMemory
from pliant.imaging.locality import Locality, noise
from pliant.imaging.memory import forget_peak, peak, resident
from pliant.imaging.network import Network
from pliant.window import Window

Array = NDArray[Any]
SMALL, LARGE = 128, 512  # sides of the results that are tried
PATIENCE = 3.0  # seconds that the larger trial may take
GUESS = 1024  # bytes; SRCNN 9-1-5 in ONNX Runtime was measured at 400 to 480
SHARE = 0.5  # of the larger trial; after larger runs it takes hardly any memory that is not there already
MARGIN = 1.5  # times what a picture in one piece took for each pixel
LEAST = 16  # bytes; a result of three channels alone has 12
USED = 0.7  # share of the memory that a tile is planned for: the next may need more than the one that was measured
USUAL, LONGEST = 2048, 4096  # pixels of a side of a tile's result; longer ones gain little
SHORTEST = 32
SAME = 1.02  # times that differ by less count as equal


@dataclass(frozen=True)
class Cost:
    """Bytes for each pixel of what is computed and bytes once; `speeds` are (pixels, seconds per pixel) of runs.

    `exact` says whether the bytes were measured for this, on an engine that held none.
    """

    bytes_per_pixel: float
    bytes_once: float
    speeds: tuple[tuple[int, float], ...] = ()
    exact: bool = True

    def seconds(self, pixels: float) -> float:
        """How long so many pixels take at once: between the sizes that were run in proportion, beyond them as they."""
        if not self.speeds:
            return pixels
        sizes, rates = zip(*self.speeds, strict=True)
        return pixels * float(np.interp(log(pixels), np.log(sizes), rates))


def measured_cost(network: Network, locality: Locality, factor: float) -> Cost:
    """From runs on noise. Where the system does not tell the memory used, a cautious guess stands for it.

    After larger runs the engine holds what it needs, and what those took is what tells.
    """
    before, largest = network.held.bytes, network.held.pixels
    pixels, used, seconds = zip(*_runs(network, locality, factor), strict=True)
    speeds = tuple((n, time / n) for n, time in zip(pixels, seconds, strict=True))
    if None in used:
        return Cost(GUESS, 0, speeds, exact=False)
    if largest > SHARE * pixels[-1]:
        return Cost(min(GUESS, max(LEAST, MARGIN * before / largest)), 0, speeds, exact=False)
    if len(used) == 1:
        return Cost(max(LEAST, used[0] / pixels[0]), 0, speeds)
    slope = max(LEAST, (used[1] - used[0]) / (pixels[1] - pixels[0]))
    return Cost(slope, max(0.0, used[1] - slope * pixels[1]), speeds)


def _runs(network: Network, locality: Locality, factor: float) -> list[tuple[int, int | None, float]]:
    """(pixels computed, bytes needed, seconds) of each run."""
    before = resident()
    forget_peak()
    runs: list[tuple[int, int | None, float]] = []
    for wanted in (SMALL, LARGE):
        if runs and runs[0][2] * (LARGE / SMALL) ** 2 > PATIENCE:
            break
        side = max(ceil(wanted / factor), 8) + 2 * max(locality.radius)
        height, width = network.taken(side, side)
        picture = noise(network, (height, width), seed=0)
        window = Window((height, width), (0, 0), (height, width))
        try:
            # the first takes longer: the engine gets its memory from the system
            shape, seconds = min((_timed(locality, picture, factor, window) for _ in range(2)), key=lambda run: run[1])
        except OutOfMemory:
            if not runs:
                raise
            break
        highest = peak()
        needed = None if before is None or highest is None else max(0, highest - before)
        runs.append((shape[2] * shape[3], needed, seconds))
    return runs


def _timed(locality: Locality, picture: Array, factor: float, window: Window) -> tuple[tuple[int, ...], float]:
    """The shape of a result, and the seconds it took."""
    started = perf_counter()
    shape = locality.parts.run(picture, factor, window).shape
    return shape, perf_counter() - started


def best_side(cost: Cost, memory: float, halo: float) -> int:
    """The side of a tile's result that is quickest for each pixel, of those that fit into so many bytes.

    `halo` is what a tile sees around it on each side, in pixels of the result. Longer tiles share less with their
    neighbours, but an engine may be slower where they leave the processor's caches; of sides that hardly differ the
    shortest is taken.
    """
    room = max(0.0, memory * USED - cost.bytes_once) / cost.bytes_per_pixel
    most = min(LONGEST, max(USUAL, ceil(6 * halo)), int(room**0.5 - 2 * halo))
    sides = [side for side in (SHORTEST << k for k in range(8)) if side < most] + [max(SHORTEST, most)]
    times = [cost.seconds((side + 2 * halo) ** 2) / side**2 for side in sides]
    return next(side for side, time in zip(sides, times, strict=True) if time <= SAME * min(times))
