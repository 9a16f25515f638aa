"""A folder of pictures against the bare engine on the same tensors, in one process."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.contest.apart import call
from benchmarks.contest.pictures import picture, tensor
from benchmarks.contest.tables.base import Claim, Data, Machine, Options, Table, grid, no_plots

SIDE, COUNT, FACTOR = 500, 200, 2.0
QUICK = 60, 4
ORDER = 2 * ("engine", "folder", "folder", "engine")  # a machine that gets slower or quicker meets both alike
TURNS = len(ORDER) // 2  # of either


def measure(options: Options) -> Data:
    """See `Table.measure`."""
    side, count = QUICK if options.quick else (SIDE, COUNT)
    options.say(f"{count} pictures of {side}² x {FACTOR:g}")
    return call("tables.folder:throughput", side, count, str(options.folder))


def throughput(side: int, count: int, cache: str) -> Data:
    """Pictures per second: inside the "engine" on tensors that are ready, and of the "folder" from files to files."""
    from PIL import Image

    import pliant

    with tempfile.TemporaryDirectory(dir=cache) as made, pliant.load(_model()) as session:
        sources = Path(made) / "sources"
        sources.mkdir()
        levels = [picture(side, side, shift=7 * k) for k in range(count // TURNS)]
        for k, pixels in enumerate(levels):
            Image.fromarray(pixels).save(sources / f"{k:03}.png", compress_level=1)
        tensors = [tensor(pixels) for pixels in levels]
        session(tensors[0], factor=FACTOR)  # the first run of a session takes longer
        took: dict[str, list[float]] = {"engine": [], "folder": []}
        for k, what in enumerate(ORDER):
            if what == "engine":
                took[what].append(_engine(session, tensors))
            else:
                started = perf_counter()
                done = pliant.upscale_folder(sources, Path(made) / f"results{k}", FACTOR, model=session)
                took[what].append(perf_counter() - started)
                assert done.done == len(levels), done.failed
        engine = session.engine
    rates = {what: TURNS * len(levels) / sum(seconds) for what, seconds in took.items()}
    return {"side": side, "count": TURNS * len(levels), "factor": FACTOR, "engine": engine, "rates": rates}


def _model() -> Path:
    from pliant.models import path

    return path()


def _engine(session: Any, tensors: list[Any]) -> float:
    """Seconds inside the engine; all of those of the session for an engine that cannot be looked into."""
    from benchmarks.contest.probes import CALLS, inside

    started = perf_counter()
    if session.engine not in CALLS:
        for image in tensors:
            session(image, factor=FACTOR)
        return perf_counter() - started
    with inside(session.engine) as counted:
        for image in tensors:
            session(image, factor=FACTOR)
    return counted.seconds


def text(data: Data, machine: Machine) -> str:
    """See `Table.text`."""
    del machine
    engine, folder = data["rates"]["engine"], data["rates"]["folder"]
    rows = [
        ["the bare engine, on tensors in memory", f"{engine:.2f}", "1"],
        ["`pliant.upscale_folder`, PNG to PNG", f"{folder:.2f}", f"{folder / engine:.3f}"],
    ]
    what = f"{data['count']} pictures of {data['side']}² x {data['factor']:g}"
    return f"""{what} with the default model on {data["engine"]}, in turns of a quarter, in one process.
The bare engine is the time inside its own call, on tensors that were made before; the folder is everything, from
looking for files to the last result on disk.

{grid(["", "pictures per second", "by the engine"], rows)}"""


def claims(data: Data, machine: Machine) -> list[Claim]:
    """See `Table.claims`."""
    del machine
    share = data["rates"]["folder"] / data["rates"]["engine"]
    return [Claim(f"{data['count']} pictures in a folder: throughput by that of the bare engine", 0.95, share)]


TABLE = Table("A folder of pictures", 3, measure, text, claims, no_plots)
