"""What a tile costs, measured: memory and time for each pixel that the network sees."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from time import perf_counter

from pliant.errors import OutOfMemory
from pliant.imaging.locality import Locality, noise
from pliant.imaging.memory import forget_peak, peak, resident
from pliant.imaging.network import Network
from pliant.window import Window

SMALL, LARGE = 128, 512  # sides of the results that are tried
PATIENCE = 3.0  # seconds that the larger trial may take
GUESS = 1024  # bytes; SRCNN 9-1-5 in ONNX Runtime was measured at 400 to 480
LEAST = 16  # bytes; a result of three channels alone has 12
USED = 0.7  # share of the memory that a tile is planned for: the next may need more than the one that was measured
USUAL, LONGEST = 1024, 4096  # pixels of a side of a tile's result; longer ones gain little
SHORTEST = 32


@dataclass(frozen=True)
class Cost:
    """Bytes and seconds for each pixel of what is computed, and bytes once."""

    bytes_per_pixel: float
    bytes_once: float
    seconds_per_pixel: float


def measured_cost(network: Network, locality: Locality, factor: float) -> Cost:
    """From two runs on noise. Where the system does not tell the memory used, a cautious guess stands for it."""
    pixels, used, seconds = zip(*_runs(network, locality, factor), strict=True)
    speed = seconds[-1] / pixels[-1]
    if None in used:
        return Cost(GUESS, 0, speed)
    if len(used) == 1:
        return Cost(max(LEAST, used[0] / pixels[0]), 0, speed)
    slope = max(LEAST, (used[1] - used[0]) / (pixels[1] - pixels[0]))
    return Cost(slope, max(0.0, used[1] - slope * pixels[1]), speed)


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
        started = perf_counter()
        try:
            result = locality.parts.run(picture, factor, Window((height, width), (0, 0), (height, width)))
        except OutOfMemory:
            if not runs:
                raise
            break
        highest = peak()
        needed = None if before is None or highest is None else max(0, highest - before)
        runs.append((result.shape[2] * result.shape[3], needed, perf_counter() - started))
    return runs


def side_within(cost: Cost, memory: float, halo: float) -> int:
    """The side of a square of the result that can be computed in so many bytes; `halo` is in pixels of it.

    Longer tiles waste less on what they share with their neighbours, up to a point.
    """
    room = max(0.0, memory * USED - cost.bytes_once) / cost.bytes_per_pixel
    best = min(LONGEST, max(USUAL, ceil(6 * halo)))
    return max(SHORTEST, min(best, int(room**0.5 - 2 * halo)))
