"""Where the time goes: the nodes that take longest, of the tutorial's graph and of what pliant runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.contest import networks
from benchmarks.contest.apart import call
from benchmarks.contest.base import FACTOR
from benchmarks.contest.pictures import picture, tensor
from benchmarks.contest.tables.base import Data, Machine, Options, Table, grid, no_claims, no_plots

SIDE, QUICK = 512, 48
TOP = 8
SUBJECTS = {
    "graph_onnxruntime": "the tutorial's graph, ONNX Runtime",
    "pliant_onnxruntime": "pliant, ONNX Runtime",
    "graph_openvino": "the tutorial's graph, OpenVINO",
    "pliant_openvino": "pliant, OpenVINO",
}


def measure(options: Options) -> Data:
    """See `Table.measure`."""
    files, side = networks.write(options.folder / "srcnn"), QUICK if options.quick else SIDE
    found: Data = {}
    for name in SUBJECTS:
        options.say(SUBJECTS[name])
        found[name] = call("tables.profile:nodes", name, files, side)
    return {"side": side, "nodes": found}


def nodes(subject: str, files: dict[str, str], side: int) -> list[tuple[str, str, float]] | str:
    """(type, name, milliseconds) of nodes, the longest first; a sentence if the engine is not installed."""
    from benchmarks.contest import probes

    from pliant.errors import PliantError

    what, engine = subject.split("_")
    image = tensor(picture(side, side))
    start = partial(_graph if what == "graph" else _pliant, engine, files, image)
    try:
        return getattr(probes, f"nodes_{engine}")(start)
    except ModuleNotFoundError as error:
        return f"the package {error.name!r} is not installed"
    except PliantError as error:
        return str(error)


def _graph(engine: str, files: dict[str, str], image: Any) -> Callable[[], Any]:
    from benchmarks.contest.contenders import script_onnxruntime, script_openvino

    script = {"onnxruntime": script_onnxruntime, "openvino": script_openvino}[engine]
    return partial(script.CONTENDER.open(files), image)


def _pliant(engine: str, files: dict[str, str], image: Any) -> Callable[[], Any]:
    import pliant

    return partial(pliant.load(files["model"], engine=engine), image, factor=float(FACTOR))


def text(data: Data, machine: Machine) -> str:
    """See `Table.text`."""
    del machine
    parts = [f"The {TOP} nodes that take longest at {data['side']}² x 4, as the profilers of the engines tell."]
    for name, found in data["nodes"].items():
        if isinstance(found, str):
            parts.append(f"{SUBJECTS[name]}: {found}.")
            continue
        total = sum(took for _, _, took in found)
        rows = [[kind, f"`{node}`", f"{took:.1f}", f"{took / total:.0%}"] for kind, node, took in found[:TOP]]
        parts.append(f"**{SUBJECTS[name]}**, {total:.0f} ms in all nodes:\n")
        parts.append(grid(["type", "node", "ms", "share"], rows, left=2) + "\n")
    return "\n".join(parts)


TABLE = Table("Where the time goes", 6, measure, text, no_claims, no_plots)
