"""Whether equal requests are computed faster together: the times of one, over those of one among several.

For each engine that is installed, side and number of pictures, in turns, so that what disturbs the machine disturbs all
of them; the shortest time of each counts. The largest difference between a picture computed alone and among others
tells whether they may be joined at all.

    python benchmarks/serve_batching.py --factor 2.7
"""

from __future__ import annotations

import argparse
import os
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

import pliant
from pliant.engines.base import Session, engines
from pliant.models import path

SIDES, COUNTS = (16, 32, 64, 128, 256), (1, 2, 4, 8, 16)
RUNS = (3, 60)  # of each, as the seconds allow


def times(session: Session, side: int, factor: float, seconds: float) -> tuple[dict[int, float], float]:
    """The shortest seconds by number of pictures, and the largest difference from a picture alone."""
    pictures = np.random.default_rng(side).random((max(COUNTS), 3, side, side), dtype=np.float32)
    alone = np.concatenate([session(pictures[i : i + 1], factor) for i in range(max(COUNTS))])
    best = dict.fromkeys(COUNTS, float("inf"))
    difference, began, runs = 0.0, perf_counter(), 0
    while runs < RUNS[0] or (runs < RUNS[1] and perf_counter() - began < seconds):
        runs += 1
        for count in COUNTS:
            started = perf_counter()
            together = session(pictures[:count], factor)
            best[count] = min(best[count], perf_counter() - started)
            difference = max(difference, float(np.abs(together - alone[:count]).max()))
    return best, difference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="anyscale", help="a shipped model")
    parser.add_argument("--factor", type=float, default=2.7)
    parser.add_argument("--seconds", type=float, default=10, help="for each size")
    parser.add_argument("--engines", nargs="*", help="those installed if not given")
    options = parser.parse_args()
    able = [engine.name for engine in engines() if engine.available() is None and engine.runs() is None]
    for name in options.engines or [name for name in able if name != "pytorch"]:
        table = Table(title=f"{options.model}, factor {options.factor:g}, {name}, {os.cpu_count()} cores")
        for column in ("side", "ms alone", *(f"of {count}" for count in COUNTS[1:]), "difference"):
            table.add_column(column, justify="right")
        with pliant.load(path(options.model), engine=name) as session:
            for side in SIDES:
                best, difference = times(session, side, options.factor, options.seconds)
                ratios = [f"{best[1] * count / best[count]:.2f}" for count in COUNTS[1:]]
                table.add_row(str(side), f"{best[1] * 1e3:.2f}", *ratios, f"{difference:.1e}")
        Console(width=100).print(table)


if __name__ == "__main__":
    main()
