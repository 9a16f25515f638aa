"""Seconds for each megapixel of the result, for small and large pictures."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from time import perf_counter

from benchmarks.contest.apart import call
from benchmarks.contest.base import FACTOR
from benchmarks.contest.pictures import picture
from benchmarks.contest.plots import lines
from benchmarks.contest.tables.base import Claim, Data, Machine, Options, Table, grid

MODELS = ("anyscale", "srcnn")
SIDES = (250, 500, 1000, 2000)  # results of 1, 4, 16 and 64 megapixels
QUICK = (32, 48)
ORDER = (0, 1, 2, 0, 1, 3, 0, 1, 2, 0)  # small ones between large ones, so that all meet the machine as it is then
ROUNDS = 3  # of that order: one run of 64 megapixels is as long as a busy neighbour may be


def measure(options: Options) -> Data:
    """See `Table.measure`."""
    found: Data = {}
    sides = QUICK if options.quick else SIDES
    for model in MODELS:
        options.say(f"{model}: results of {', '.join(f'{_megapixels(side):.2g}' for side in sides)} MP")
        found[model] = call("tables.flat:rates", model, sides, str(options.folder))
    return {"megapixels": [_megapixels(side) for side in sides], "rates": found}


def rates(model: str, sides: list[int], cache: str) -> list[float]:
    """Seconds for each megapixel of `pliant.upscale` with a session that is open, from a PNG file to another."""
    from PIL import Image

    import pliant
    from pliant.models import path

    took: list[list[float]] = [[] for _ in sides]
    with tempfile.TemporaryDirectory(dir=cache) as folder, pliant.load(path(model)) as session:
        sources = [Path(folder) / f"{side}.png" for side in sides]
        for side, source in zip(sides, sources, strict=True):
            Image.fromarray(picture(side, side)).save(source, compress_level=1)
        pliant.upscale(sources[0], Path(folder) / "first.png", FACTOR, model=session)  # takes longer than others
        for k in ORDER * ROUNDS:
            if k < len(sides):
                started = perf_counter()
                pliant.upscale(sources[k], Path(folder) / "result.png", FACTOR, model=session)
                took[k].append(perf_counter() - started)
    return [statistics.median(times) / _megapixels(side) for times, side in zip(took, sides, strict=True)]


def _megapixels(side: int) -> float:
    return (side * FACTOR) ** 2 / 1e6


def spread(found: list[float]) -> float:
    """How much more the largest is than the smallest, as a share."""
    return max(found) / min(found) - 1


def text(data: Data, machine: Machine) -> str:
    """See `Table.text`."""
    del machine
    head = ["", *(f"{size:.2g} MP" for size in data["megapixels"]), "spread"]
    rows = [
        [model, *(f"{rate:.3f}" for rate in found), f"{spread(found):.0%}"] for model, found in data["rates"].items()
    ]
    return f"""Seconds of `pliant.upscale` x 4 for each megapixel of the result, from a PNG file to another, with a
session that is open; medians of runs in turns. The spread is how much more the largest is than the smallest.

{grid(head, rows)}

![Seconds for each megapixel](speed_flat.svg)"""


def claims(data: Data, machine: Machine) -> list[Claim]:
    """See `Table.claims`."""
    del machine
    return [
        Claim(f"{model}: spread of the time for each megapixel", 0.15, spread(found), most=True)
        for model, found in data["rates"].items()
    ]


def plots(data: Data, machine: Machine) -> dict[str, str]:
    """See `Table.plots`."""
    del machine
    return {"speed_flat": lines("Seconds for each megapixel, by megapixels", data["megapixels"], data["rates"])}


TABLE = Table("Small and large pictures", 5, measure, text, claims, plots)
