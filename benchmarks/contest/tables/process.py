"""Whole processes: the tutorial's scripts and `pliant upscale`, from a picture file to a picture file."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Callable, Mapping
from compileall import compile_dir
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.contest import networks
from benchmarks.contest.apart import call
from benchmarks.contest.base import FACTOR, ROOT
from benchmarks.contest.equality import compare
from benchmarks.contest.pictures import EXAMPLE
from benchmarks.contest.tables.base import Claim, Data, Machine, Options, Table, grid, no_plots, seconds

TURNS, TURNS_QUICK = 7, 1
SCRIPT, EAGER = "script_onnxruntime", "script_pytorch"
TITLES = {
    SCRIPT: "the tutorial's ONNX Runtime script",
    EAGER: "the tutorial's PyTorch script",
    "pliant_default": "`pliant upscale`",
    "pliant_srcnn": "`pliant upscale -m srcnn`",
}
STATES = {"cold": "empty cache", "warm": "used before"}


@dataclass(frozen=True)
class _Files:
    """`source` is a picture, `results` a folder; `graph` and `weights` are what the scripts open."""

    source: Path
    results: Path
    graph: str
    weights: str


def write_pth(npz: str, path: str) -> str:
    """Tensors of an .npz file as PyTorch saves them."""
    import numpy as np
    import torch

    torch.save({name: torch.from_numpy(array) for name, array in np.load(npz).items()}, path)
    return path


def measure(options: Options) -> Data:
    """See `Table.measure`."""
    face = options.reference / "tutorial" / "face.png" if options.reference else EXAMPLE
    compile_dir(ROOT / "src" / "pliant", quiet=2)  # as pip does for what it installs, and did for the others
    folder = options.folder / "process"
    files = networks.write(folder)
    weights = call("tables.process:write_pth", files["weights"], str(folder / "srcnn.pth"))
    commands = _commands(_Files(face, folder, files["graph"], weights))
    found: Data = {name: {state: [] for state in STATES} for name in commands}
    warm = folder / "cache"
    for turn in range(1 + (TURNS_QUICK if options.quick else TURNS)):  # the first fills the cache and is not counted
        options.say(f"turn {turn}" if turn else "a turn that is not counted")
        for state in STATES:
            for name, command in commands.items():
                cache = warm if state == "warm" else folder / "empty"
                shutil.rmtree(folder / "empty", ignore_errors=True)
                figures = call("processes:timed", command(state), {"PLIANT_CACHE": str(cache)})
                if turn:
                    found[name][state].append(figures)
    return {
        "picture": face.name,
        "codec": "OpenCV" if find_spec("cv2") else "Pillow",
        "rows": {name: {state: _middle(runs) for state, runs in states.items()} for name, states in found.items()},
        "comparison": asdict(compare(_levels(folder / "pliant_srcnn.png"), _levels(folder / f"{EAGER}.png"))),
    }


def _commands(files: _Files) -> Mapping[str, Callable[[str], list[str]]]:
    scripts = ROOT / "benchmarks" / "contest" / "scripts"
    source, upscale = str(files.source), [sys.executable, "-m", "pliant", "upscale"]

    def script(name: str, model: str) -> list[str]:
        return [sys.executable, str(scripts / f"tutorial_{name}.py"), model, source]

    starts = {
        SCRIPT: script("onnxruntime", files.graph),
        EAGER: script("pytorch", files.weights),
        "pliant_default": [*upscale, "-s", str(FACTOR), source],
        "pliant_srcnn": [*upscale, "-s", str(FACTOR), "-m", "srcnn", source],
    }

    def ended(name: str, start: list[str]) -> Callable[[str], list[str]]:
        return lambda state: [*start, str(files.results / f"{name}.png")]

    return {name: ended(name, start) for name, start in starts.items()}


def _middle(runs: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(run[key] for run in runs) for key in ("seconds", "peak")}


def _levels(path: Path) -> Any:
    import numpy as np
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB"))


def text(data: Data, machine: Machine) -> str:
    """See `Table.text`."""
    del machine
    base = data["rows"][SCRIPT]["warm"]
    rows: list[list[str]] = []
    for name, states in data["rows"].items():
        for state, words in STATES.items():
            figures = states[state]
            shares = [f"{figures[key] / base[key]:.2f}" for key in ("seconds", "peak")]
            mib = f"{figures['peak'] / 2**20:.0f} MiB"
            rows.append([TITLES[name], words, seconds(figures["seconds"]), shares[0], mib, shares[1]])
    head = ["", "$PLIANT_CACHE", "time", "by script", "peak memory", "by script"]
    return f"""`{data["picture"]}` x 4 as a command: interpreter, imports, reading, computing, writing a PNG. The
scripts are those of the tutorial ([ONNX Runtime](../benchmarks/contest/scripts/tutorial_onnxruntime.py),
[PyTorch](../benchmarks/contest/scripts/tutorial_pytorch.py)); they read and write with {data["codec"]}. Medians. An
empty cache is what a first run finds; files that the system has in memory stay there, and all packages
are compiled to bytecode, as pip leaves them. Shares are of the ONNX Runtime
script. `pliant upscale` runs the default model, which is another network. The picture of `-m srcnn` is at most
{data["comparison"]["largest"]:.0f} levels from that of the PyTorch script.

{grid(head, rows, left=2)}"""


def claims(data: Data, machine: Machine) -> list[Claim]:
    """See `Table.claims`."""
    del machine
    found: list[Claim] = []
    for name in ("pliant_default", "pliant_srcnn"):
        for state, words in STATES.items():
            for key, what, most in (("seconds", "time", 0.6), ("peak", "memory", 0.5)):
                share = data["rows"][name][state][key] / data["rows"][SCRIPT][state][key]
                found.append(Claim(f"{TITLES[name]}, {words}: {what} by that of the script", most, share, most=True))
    return found


TABLE = Table("Whole processes", 1, measure, text, claims, no_plots)
