"""Whether equal requests are computed faster together: the times of one, over those of one among several.

For each engine that is installed, side and number of pictures, in turns, so that what disturbs the machine disturbs all
of them; the shortest time of each counts. The largest difference between a picture computed alone and among others
tells whether they may be joined at all.

Above 1 is faster together. By the wall clock, on a machine with nothing else to do, that is what a client notices;
processor time, on one thread, hardly depends on what else the machine does, and tells how much work is spared.

    python benchmarks/serve_batching.py --factor 2.7
    python benchmarks/serve_batching.py --factor 2.7 --clock processor
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np

import pliant
from pliant.engines.base import Session, engines
from pliant.models import path

SIDES, COUNTS = (16, 32, 64, 128, 256), (1, 2, 4, 8, 16)
CLOCKS: dict[str, tuple[Callable[[], float], int | None]] = {
    "wall": (perf_counter, None),
    "processor": (process_time, 1),
}
RUNS = (3, 60)  # of each, as the seconds allow


def times(
    session: Session, side: int, factor: float, seconds: float, clock: Callable[[], float]
) -> tuple[dict[int, float], float]:
    """The shortest seconds by number of pictures, and the largest difference from a picture alone."""
    pictures = np.random.default_rng(side).random((max(COUNTS), 3, side, side), dtype=np.float32)
    alone = np.concatenate([session(pictures[i : i + 1], factor) for i in range(max(COUNTS))])
    best = dict.fromkeys(COUNTS, float("inf"))
    difference, began, runs = 0.0, perf_counter(), 0
    while runs < RUNS[0] or (runs < RUNS[1] and perf_counter() - began < seconds):
        runs += 1
        for count in COUNTS:
            started = clock()
            together = session(pictures[:count], factor)
            best[count] = min(best[count], clock() - started)
            difference = max(difference, float(np.abs(together - alone[:count]).max()))
    return best, difference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="anyscale", help="a shipped model")
    parser.add_argument("--factor", type=float, default=2.7)
    parser.add_argument("--seconds", type=float, default=10, help="for each size")
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--engines", nargs="*", help="those installed if not given")
    options = parser.parse_args()
    clock, threads = CLOCKS[options.clock]
    able = [engine.name for engine in engines() if engine.available() is None and engine.runs() is None]
    for name in options.engines or [name for name in able if name != "pytorch"]:
        print(f"{options.model}, factor {options.factor:g}, {name}, {os.cpu_count()} cores, {options.clock} time")
        print(" side  ms alone", *(f"of {count:2}" for count in COUNTS[1:]), "difference", sep="  ")
        with pliant.load(path(options.model), engine=name, threads=threads) as session:
            for side in SIDES:
                best, difference = times(session, side, options.factor, options.seconds, clock)
                ratios = [f"{best[1] * count / best[count]:5.2f}" for count in COUNTS[1:]]
                print(f"{side:5}  {best[1] * 1e3:8.2f}", *ratios, f"{difference:10.1e}", sep="  ", flush=True)


if __name__ == "__main__":
    main()
