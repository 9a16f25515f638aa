"""Removing what nothing uses, branches and loops with all that they read.

onnx-ir has a pass for this. A branch that is removed with its If goes on using values of the graph around it there, and
what computes those would be kept, with the inputs that it needs.
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes import common


def remove_unused(model: ir.Model) -> None:
    """Remove all nodes and weights that no output of the model depends on."""
    _remove_flow(model.graph)
    common.RemoveUnusedNodesPass()(model)


def _remove_flow(graph: ir.Graph) -> None:
    for node in reversed(graph):
        bodies = [a.as_graph() for a in node.attributes.values() if a.type == ir.AttributeType.GRAPH]
        if not any(value.uses() or value.is_graph_output() for value in node.outputs):
            release(node)
            graph.remove(node, safe=True)
        else:
            for body in bodies:
                _remove_flow(body)


def release(node: ir.Node) -> None:
    """Let the graphs inside a node that is about to be removed use nothing any more."""
    for attribute in node.attributes.values():
        if attribute.type != ir.AttributeType.GRAPH:
            continue
        body = attribute.as_graph()
        for inner in ir.traversal.RecursiveGraphIterator(body):
            for k in range(len(inner.inputs)):
                inner.replace_input_with(k, None)
        body.outputs.clear()
