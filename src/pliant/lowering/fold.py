"""Computing what depends on constants only, once."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir
from onnx_ir.passes import common

from pliant.lowering.builder import store
from pliant.lowering.prologue import beforehand, extract, operands
from pliant.lowering.runtime import run
from pliant.lowering.unused import remove_unused

LARGEST = 2**24  # elements; what is larger stays computed, so that a file does not swell


def fold(model: ir.Model) -> None:
    """Replace every value that depends on constants only by its content, computed by ONNX Runtime."""
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    graph = model.graph
    everything = [str(v.name) for v in graph.inputs]
    known = beforehand(graph, everything) - _questions(graph)
    wanted = [v for node in graph for v in node.outputs if v in known and _is_read(v, known)]
    if not wanted:
        return
    contents: list[Any] = run(extract(model, [], wanted), {})
    for value, content in zip(wanted, contents, strict=True):
        if isinstance(content, list) or content.size > LARGEST:
            continue
        name, value.name = str(value.name), f"{value.name}/computed"
        stored = store(graph, content, name)
        value.replace_all_uses_with(stored, replace_graph_outputs=False)
    remove_unused(model)


def _questions(graph: ir.Graph) -> set[ir.Value]:
    """The values that depend on the shapes of inputs: no constants."""
    found: set[ir.Value] = set()
    for node in graph:
        if any(v.is_graph_input() or v in found for v in operands(node)):
            found.update(node.outputs)
    return found


def _is_read(value: ir.Value, known: set[ir.Value]) -> bool:
    """By something that is not itself constant. Results of the model stay computed: they keep their names."""
    readers = [use.node for use in value.uses()]
    return any(node.graph is not value.graph or not set(node.outputs) <= known for node in readers)
