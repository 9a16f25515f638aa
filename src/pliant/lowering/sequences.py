"""Lists of tensors in a graph without loops: what is put in and taken out is known, so no list is needed."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import Builder, array_of, attribute, replace
from pliant.lowering.unused import remove_unused


def resolve(model: ir.Model) -> None:
    """Replace the operators on sequences by the tensors they hand on, where every position is constant."""
    held: dict[ir.Value, list[ir.Value]] = {}
    for node in list(model.graph):
        made = _list_of(node, held)
        if made is not None:
            held[node.outputs[0]] = made
        elif node.inputs and node.inputs[0] in held:
            _taken(node, held[node.inputs[0]], Builder(model.graph, node))
    remove_unused(model)


def _position(node: ir.Node, at: int, default: int) -> int | None:
    value = node.inputs[at] if len(node.inputs) > at else None
    if value is None:
        return default
    known = array_of(value)
    return None if known is None else int(known.item())


def _list_of(node: ir.Node, held: dict[ir.Value, list[ir.Value]]) -> list[ir.Value] | None:
    """The content of the list that `node` gives; None if it gives none, or one that is not known."""
    if node.op_type == "SequenceEmpty":
        return []
    if node.op_type == "SequenceConstruct":
        return [v for v in node.inputs if v is not None]
    source = held.get(node.inputs[0]) if node.inputs and node.inputs[0] is not None else None
    if source is None:
        return None
    if node.op_type == "Identity":
        return source
    if node.op_type == "SequenceInsert":
        at = _position(node, 2, len(source))
        return None if at is None or node.inputs[1] is None else [*source[:at], node.inputs[1], *source[at:]]
    if node.op_type == "SequenceErase":
        at = _position(node, 1, -1)
        return None if at is None else [v for k, v in enumerate(source) if k != at % len(source)]
    return None


def _taken(node: ir.Node, source: list[ir.Value], build: Builder) -> None:
    if node.op_type == "SequenceAt" and (at := _position(node, 1, 0)) is not None:
        replace(node, source[at])
    elif node.op_type == "SequenceLength":
        replace(node, build.constant(len(source)))
    elif node.op_type == "ConcatFromSequence" and source:
        axis = attribute(node, "axis")
        new = attribute(node, "new_axis", 0)
        axes = build.constant([axis]) if new else None
        parts = [build("Unsqueeze", v, axes) for v in source] if new else source
        replace(node, build("Concat", *parts, axis=axis))
