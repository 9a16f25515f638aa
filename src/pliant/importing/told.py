"""What an import says about a file, in sentences."""

from __future__ import annotations

from typing import Any

from pliant.graph import Graph
from pliant.importing.base import called
from pliant.importing.contracts import formula, unit
from pliant.importing.factor import Upscale
from pliant.importing.plan import Pictures, Proven

NAMES = {"n": "the batch", "h": "the height", "w": "the width"}


def live(proven: Proven, before: Pictures, driven: Upscale | None, factor: str | None) -> list[str]:
    """What became live, and within which bounds; `factor` is the input that was added."""
    found: list[str] = []
    new = [NAMES[n] for n in "nhw" if n in proven.wanted.axes - before.live]
    multiple, least = proven.axes.multiples.get("h", 1), proven.reading.least
    if new:
        had = ", ".join(f"{n} {before.declared(n)}" for n in "nhw" if before.declared(n) is not None)
        found.append(f"{_listed(new).capitalize()} of the picture can be any: the file had {had}.")
    if multiple > 1:
        found.append(f"Height and width are multiples of {multiple}, because the network halves or cuts them.")
    if least > 1:
        found.append(f"Height and width are at least {least * multiple}.")
    found += _counted(proven)
    if driven is not None and factor is not None:
        was = f"fixed at {driven.scale:g}" if driven.scale is not None else "a vector of four numbers"
        which = " and ".join(map(called, driven.nodes))
        found.append(f"The upscale factor is the input {factor!r}: {which} resizes the picture itself, and was {was}.")
    return found


def _counted(proven: Proven) -> list[str]:
    """How many constants of each operator became formulas."""
    counts: dict[str, int] = {}
    for node, _ in proven.reading.formulas:
        counts[node.op_type] = counts.get(node.op_type, 0) + 1
    return [
        f"{count} constants of {what} follow the size." if count > 1 else f"A constant of {what} follows the size."
        for what, count in counts.items()
    ]


def notes(proven: Proven, before: Pictures, driven: Upscale | None) -> list[str]:
    """What was taken for what, and what a user may not expect."""
    del before
    found = [] if driven is not None else list(dict.fromkeys(proven.reading.notes))
    if driven is not None and driven.semantics == "size" and driven.scale is not None:
        which = " and ".join(map(called, driven.nodes))
        found.append(f"{which} made one size, which is taken for {driven.scale:g} times the picture.")
    if driven is not None and driven.mode == "nearest":
        found.append("At factors that are not whole, ONNX and PyTorch take different nearest pixels in places.")
    return found


def misnamed(graph: Graph, before: Pictures, proven: Proven, outputs: list[Any], factor: str | None) -> list[str]:
    """Where the names that the file gives to axes are wrong."""
    shape = [str(n) for n in before.first.shape or ()]
    high, wide = shape[2:]
    found: list[str] = []
    if "width" in high.lower() or "height" in wide.lower():
        found.append(f"The file calls the height {high!r} and the width {wide!r}; pictures are n, c, h, w.")
    for v, lengths in zip(graph.body.outputs, outputs, strict=True):
        declared = {n for n in (v.dims or ())[2:] if isinstance(n, str)}
        if declared & {high, wide} and lengths[2:] != [unit(proven, "h"), unit(proven, "w")]:
            right = " and ".join(formula(n, proven, factor) for n in lengths[2:])
            found.append(f"The file gives its result {v.name!r} the size of its input; it is {right}.")
    return found


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
