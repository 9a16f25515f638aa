"""Leaving out Identity nodes, in branches and loops as well.

onnx-ir has a pass for this, but version 1.1.0 also leaves out one that hands a value from outside to the output of a
branch (`padded = image if fits else pad(image)`): the branch is left with an output that nothing in it produces.
"""

from __future__ import annotations

import onnx_ir as ir


def leave_out_identities(model: ir.Model) -> None:
    """Let the users of Identity nodes take what these copy. One is kept where its output needs a value of its own."""
    for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
        if node.op_type == "Identity" and node.domain == "" and (copied := node.inputs[0]) is not None:
            _leave_out(node, copied, node.outputs[0])


def _leave_out(node: ir.Node, copied: ir.Value, copy: ir.Value) -> None:
    graph, producer = node.graph, copied.producer()
    if graph is None:
        return
    if copy.is_graph_output():
        # the value takes the name of the output, which it can if it is of the same graph and has no name that counts
        if producer is None or producer.graph is not graph or copied.is_graph_output():
            return
        copied.name = copy.name
    copied.shape = _merged(copied.shape, copy.shape)
    copied.type = copied.type if copied.type is not None else copy.type
    ir.convenience.replace_all_uses_with(copy, copied, replace_graph_outputs=True)
    graph.remove(node, safe=True)


def _merged(one: ir.Shape | None, other: ir.Shape | None) -> ir.Shape | None:
    """What is known of one shape from two descriptions: numbers rather than names."""
    if one is None or other is None:
        return other if one is None else one
    return ir.Shape([a if isinstance(a, int) else b for a, b in zip(one, other, strict=True)])
