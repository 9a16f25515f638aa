"""What `Session` and `upscale` add to the engine: everything in a call that is not the engine's own computing."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

from benchmarks.contest.apart import call
from benchmarks.contest.base import FACTOR
from benchmarks.contest.pictures import picture, tensor
from benchmarks.contest.tables.base import Claim, Data, Machine, Options, Table, grid, no_plots, seconds

SIDES = {"1 MP": 256, "32x32": 32}
MODELS = ("anyscale", "srcnn")
ENGINES = ("onnxruntime", "openvino")
TURNS = {"1 MP": 9, "32x32": 100}
WAYS = {"session": "`Session`", "upscale": "`upscale`, its path from levels to levels"}


def measure(options: Options) -> Data:
    """See `Table.measure`."""
    rows: list[Data] = []
    for model in ("srcnn",) if options.quick else MODELS:
        for engine in ENGINES:
            options.say(f"{model} on {engine}")
            rows += call("tables.wrapping:rows", model, engine, options.quick)
    return {"rows": rows}


def rows(model: str, engine: str, quick: bool) -> list[Data]:
    """One row for each size and way; none if the engine is not installed."""
    from benchmarks.contest.probes import inside

    import pliant
    from pliant.engines.base import find
    from pliant.models import path

    if find(engine).available():
        return []
    found: list[Data] = []
    with pliant.load(path(model), engine=engine) as session:
        for size, side in SIDES.items():
            for way, run in _ways(session, side).items():
                with inside(engine) as counted:
                    figures = _figures(run, counted, 2 if quick else TURNS[size])
                found.append({"model": model, "engine": engine, "size": size, "way": way, **figures})
    return found


def _ways(session: Any, side: int) -> dict[str, Callable[[], Any]]:
    from pliant.imaging.network import Network
    from pliant.imaging.picture import upscale_array
    from pliant.imaging.sizes import plan

    levels = picture(side, side)
    image, network = tensor(levels), Network.of(session)
    planned = plan(network, (side, side), float(FACTOR))
    return {
        "session": lambda: session(image, factor=float(FACTOR)),
        "upscale": lambda: upscale_array(network, levels, planned),
    }


def _figures(run: Callable[[], Any], counted: Any, turns: int) -> dict[str, float]:
    """Medians in seconds: "inside" the engine, and the rest of each call, "wrapping"."""
    run()
    engine: list[float] = []
    wrapping: list[float] = []
    for _ in range(turns):
        counted.seconds = 0.0
        started = perf_counter()
        run()
        took = perf_counter() - started
        engine.append(counted.seconds)
        wrapping.append(took - counted.seconds)
    return {"inside": statistics.median(engine), "wrapping": statistics.median(wrapping)}


def text(data: Data, machine: Machine) -> str:
    """See `Table.text`."""
    del machine
    rows = [
        [
            f"{row['model']}, {row['engine']}",
            row["size"],
            WAYS[row["way"]],
            seconds(row["inside"]),
            seconds(row["wrapping"]),
            f"{row['wrapping'] / row['inside']:.1%}",
        ]
        for row in data["rows"]
    ]
    head = ["", "picture", "way", "engine", "wrapping", "share"]
    return f"""Wrapping is the time of a call without that inside the engine's own call (`InferenceSession.run` and its
kin, OpenVINO's `InferRequest.infer`). Of `Session`: checking arguments, sizes and values, what is computed beforehand
for OpenVINO, copies of results, and putting pieces together where pliant computes a picture in several. Of `upscale`:
all that, and from levels (uint8) to float32 and back. Reading and writing files is not in it. 1 MP is the result,
256² x 4; 32x32 is the source. Medians.

{grid(head, rows, left=3)}"""


def claims(data: Data, machine: Machine) -> list[Claim]:
    """See `Table.claims`. The worst of the models and engines."""
    del machine
    found: list[Claim] = []
    for way, title in WAYS.items():
        large, small = ([r for r in data["rows"] if (r["way"], r["size"]) == (way, size)] for size in SIDES)
        share = max((row["wrapping"] / row["inside"] for row in large), default=None)
        micro = max((row["wrapping"] * 1e6 for row in small), default=None)
        found.append(Claim(f"{title}: wrapping at 1 MP by the engine's time", 0.02, share, most=True))
        found.append(Claim(f"{title}: wrapping at 32x32 in µs", 100, micro, most=True))
    return found


TABLE = Table("What wrapping costs", 4, measure, text, claims, no_plots)
