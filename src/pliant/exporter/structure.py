"""Decisions and loops of the model as ONNX `If` and `Loop` nodes.

The translated graph is flat: the steps of both ways of a decision, and of one iteration of a loop, stand side by side,
with private nodes that say what belongs together (see `operators/structure.py`). Steps that only one way needs move
into that branch of an `If`, so that they run only when it is taken; steps that depend on what an iteration
changes move into the body of a `Loop`. What both ways need, or what no iteration changes, stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import onnx_ir as ir
from onnx_ir.passes import common

from pliant.operators.structure import DOMAIN

Node = Any  # onnx_ir's types are looser than their use here
Value = Any


def lower_structure(model: Any) -> None:
    """Replace the private nodes of `model`, in place."""
    if not any(node.domain == DOMAIN for node in model.graph):
        return
    common.CommonSubexpressionEliminationPass()(model)  # both ways repeat what leads to the decision
    common.RemoveUnusedNodesPass()(model)
    _type_sequences(model.graph)
    _lower(model.graph)
    common.RemoveUnusedNodesPass()(model)
    _name_apart(model.graph)
    model.graph.opset_imports.pop(DOMAIN, None)
    model.opset_imports.pop(DOMAIN, None)


def _type_sequences(graph: Any) -> None:
    """Give sequences their type: the traced program has tensors in their place."""
    sequences: set[int] = set()  # of the values, and (loop, position) of the variables of loops that hold one
    variables: set[tuple[int, int]] = set()
    for node in graph:
        made = node.op_type in ("SequenceEmpty", "SequenceInsert")
        if node.domain == DOMAIN and node.op_type == "Carried" and id(node.inputs[0]) in sequences:
            variables.add((_number(node, "loop"), _number(node, "position")))
        if node.domain == DOMAIN and node.op_type in ("Carried", "Result"):
            made = (_number(node, "loop"), _number(node, "position")) in variables
        if made:
            value = node.outputs[0]
            sequences.add(id(value))
            value.type, value.shape = ir.SequenceType(ir.TensorType(value.dtype)), None


def _name_apart(graph: Any) -> None:
    """Give every value a name of its own: bodies see the names of the graph around them."""
    seen: set[str] = set()
    values = [*graph.inputs, *graph.initializers.values()]
    for node in ir.traversal.RecursiveGraphIterator(graph):
        values += [*node.outputs, *(v for body in _bodies(node) for v in body.inputs)]
    for value in values:
        name, k = value.name, 1
        while value.name is None or value.name in seen:
            value.name, k = f"{name}_{k}", k + 1
        seen.add(value.name)


def _bodies(node: Node) -> list[Any]:
    return [a.value for a in node.attributes.values() if a.type == ir.AttributeType.GRAPH]


def _lower(graph: Any) -> None:
    """Lower a graph or a body, the last decision or loop first: it may contain the others."""
    while True:
        node = next((n for n in reversed(graph) if n.domain == DOMAIN and n.op_type in ("Merge", "Loop")), None)
        if node is None:
            return
        bodies = _to_if(graph, node) if node.op_type == "Merge" else _to_loop(graph, node)
        for body in bodies:
            _lower(body)
        graph.sort()


def _number(node: Node, name: str) -> int:
    return node.attributes[name].value


def _marks(graph: Any, op_type: str, attribute: str, number: int) -> list[Node]:
    return [n for n in graph if n.domain == DOMAIN and n.op_type == op_type and _number(n, attribute) == number]


# decisions


def _to_if(graph: Any, last: Node) -> list[Any]:
    """Everything that is decided together with `last` as one `If`; returns its branches."""
    condition = last.inputs[0]
    merges = [n for n in _marks(graph, "Merge", "site", _number(last, "site")) if n.inputs[0] is condition]
    branches = [_branch(graph, merges, side, name) for side, name in ((1, "then"), (2, "else"))]
    attributes = [ir.AttrGraph(f"{name}_branch", b) for name, b in zip(("then", "else"), branches, strict=True)]
    node = ir.Node("", "If", [_plain(condition)], attributes, outputs=[_like(m.outputs[0]) for m in merges])
    graph.insert_before(merges[0], node)
    for merge, value in zip(merges, node.outputs, strict=True):
        _replace(graph, merge.outputs[0], value)
    graph.remove(merges, safe=True)
    return branches


def _plain(condition: Value) -> Value:
    """The condition itself where it was turned into a number and back."""
    cast = condition.producer()
    where = cast.inputs[0].producer() if cast is not None and cast.op_type == "Cast" else None
    if where is None or where.op_type != "Where":
        return condition
    one, zero = (ir.convenience.get_const_tensor(v) for v in where.inputs[1:])
    if one is None or zero is None or one.numpy().item() != 1 or zero.numpy().item() != 0:
        return condition
    return where.inputs[0]


def _branch(graph: Any, merges: Sequence[Node], side: int, name: str) -> Any:
    roots = [m.inputs[side] for m in merges]
    nodes = _exclusive(graph, merges, side)
    return _body(graph, nodes, [], roots, f"{name}_{_number(merges[0], 'site')}")


def _exclusive(graph: Any, merges: Sequence[Node], side: int) -> list[Node]:
    """The nodes that nothing but this side of the decision uses, in order."""
    own: set[int] = set()
    outputs = {id(v) for v in graph.outputs}
    merging = {id(m) for m in merges}
    chosen: list[Node] = []
    for node in reversed(graph):
        uses = [use for value in node.outputs for use in value.uses()]
        if not uses or id(node) in merging or any(id(v) in outputs for v in node.outputs):
            continue
        if all(id(use.node) in own or (id(use.node) in merging and use.idx == side) for use in uses):
            own.add(id(node))
            chosen.append(node)
    # a result stays where its loop is
    return [n for n in chosen[::-1] if n.domain != DOMAIN or n.op_type != "Result" or id(n.inputs[0].producer()) in own]


# loops


def _to_loop(graph: Any, node: Node) -> list[Any]:
    """A loop as one `Loop`; returns its body."""
    number = _number(node, "loop")
    times, first, again, *variables = node.inputs
    initial, final = variables[: len(variables) // 2], variables[len(variables) // 2 :]
    nodes = _iteration(graph, number, [again, *final])
    iteration, going = _value("int64", f"iteration_{number}"), _value("bool", f"going_{number}")
    found = [_like(v, f"variable_{number}_{k}") for k, v in enumerate(initial)]
    for mark in _marks(graph, "Carried", "loop", number):
        _replace(graph, mark.outputs[0], found[_number(mark, "position")])
    for mark in _marks(graph, "Iteration", "loop", number):
        _replace(graph, mark.outputs[0], iteration)
    again, *variables = node.inputs[2:]  # as they are now: an iteration may hand on what it began with
    final = variables[len(variables) // 2 :]
    for value, before, after in zip(found, initial, final, strict=True):
        value.type = value.type or before.type or after.type
    body = _body(graph, nodes, [iteration, going, *found], [again, *final], f"loop_{number}")
    limit = ir.convenience.get_const_tensor(times)
    limited = None if limit is not None and limit.numpy().item() < 0 else times
    made = ir.Node(
        "", "Loop", [limited, first, *initial], [ir.AttrGraph("body", body)], outputs=[_like(v) for v in final]
    )
    graph.insert_before(node, made)
    for mark in _marks(graph, "Result", "loop", number):
        _replace(graph, mark.outputs[0], made.outputs[_number(mark, "position")])
    marks = [m for kind in ("Result", "Carried", "Iteration") for m in _marks(graph, kind, "loop", number)]
    graph.remove([*marks, node], safe=True)
    return [body]


def _iteration(graph: Any, number: int, finals: Sequence[Value]) -> list[Node]:
    """The nodes of one iteration: what its results need, as far as that depends on what iterations change."""
    needed = _ancestors(finals)
    loops = {number}
    while True:
        seeds = [m for n in loops for kind in ("Carried", "Iteration") for m in _marks(graph, kind, "loop", n)]
        dependent = _descendants(seeds)
        nodes = [n for n in graph if id(n) in needed and id(n) in dependent]
        inner = {_number(n, "loop") for n in nodes if n.domain == DOMAIN and n.op_type == "Loop"} - loops
        if not inner:
            return [
                n
                for n in nodes
                if not (n.op_type in ("Carried", "Iteration") and n.domain == DOMAIN and _number(n, "loop") == number)
            ]
        loops |= inner


def _ancestors(values: Iterable[Value]) -> set[int]:
    found: set[int] = set()
    pending = [v.producer() for v in values if v is not None]
    while pending:
        node = pending.pop()
        if node is not None and id(node) not in found:
            found.add(id(node))
            pending += [v.producer() for v in node.inputs if v is not None]
    return found


def _descendants(nodes: Iterable[Node]) -> set[int]:
    found: set[int] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if id(node) not in found:
            found.add(id(node))
            pending += [use.node for value in node.outputs for use in value.uses()]
    return found


# bodies


def _body(graph: Any, nodes: Sequence[Node], inputs: Sequence[Value], outputs: Sequence[Value], name: str) -> Any:
    """`nodes` moved out of `graph` into a body of their own."""
    inside = {id(v) for n in nodes for v in n.outputs}
    graph.remove(nodes)
    nodes = list(nodes)
    given: list[Value] = []
    for k, value in enumerate(outputs):
        if id(value) not in inside or any(value is g for g in given):  # an output is made inside, and once
            copy = ir.Node("", "Identity", [value], outputs=[_like(value, f"{name}_output_{k}")])
            nodes.append(copy)
            value = copy.outputs[0]
        given.append(value)
    return ir.Graph(inputs, given, nodes=nodes, name=name, opset_imports=dict(graph.opset_imports))


def _value(dtype: str, name: str) -> Value:
    return ir.Value(name=name, type=ir.TensorType(ir.DataType[dtype.upper()]), shape=ir.Shape([]))


def _like(value: Value, name: str | None = None) -> Value:
    return ir.Value(name=name or f"{value.name}.chosen", type=value.type, shape=None)


def _replace(graph: Any, old: Value, new: Value) -> None:
    new.type = new.type or old.type
    for k, output in enumerate(graph.outputs):
        if output is old:
            graph.outputs[k] = new
    for user, index in list(old.uses()):
        user.replace_input_with(index, new)
