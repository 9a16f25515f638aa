"""One network for one set of decisions: branches that are taken, loops written out, lists resolved.

Where the condition of an If, or the number of iterations of a Loop, is computed beforehand, an engine needs neither: a
session makes a network for each outcome that occurs, and keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.builder import Builder, array_of, attribute, replace, store
from pliant.lowering.dialect import Dialect, key_of
from pliant.lowering.fold import fold
from pliant.lowering.identities import leave_out_identities
from pliant.lowering.prologue import node_graphs
from pliant.lowering.sequences import resolve
from pliant.lowering.unused import remove_unused

MOST = 256  # iterations that are written out


def decisions(
    graph: ir.Graph, known: Collection[ir.Value], dialect: Dialect, *, unanswered: bool = False
) -> list[ir.Value]:
    """Values computed beforehand that the network itself depends on; constants are not among them.

    Where a question for a shape is `unanswered`, also those that decide about what is computed beforehand with a rank
    that nothing tells: ONNX's inference sees no constants from inside a branch.
    """
    found: dict[ir.Value, None] = {}
    for node in graph:
        untold = unanswered and key_of(node) == "If" and any(v.shape is None for v in node.outputs)
        if all(v in known for v in node.outputs) and not untold:
            continue
        for value in _deciding(node, dialect):
            if value in known and array_of(value) is None:
                found[value] = None
    return list(found)


def _deciding(node: ir.Node, dialect: Dialect) -> list[ir.Value]:
    key = key_of(node)
    if key == "If":
        positions: tuple[int, ...] = (0,)
    elif key == "Loop":
        positions = (0, 1)
    elif key == "SequenceAt":
        positions = (1,)
    else:
        positions = dialect.constants.get(key, ())
    chosen = (node.inputs[k] for k in positions if k < len(node.inputs))
    return [v for v in chosen if v is not None]


def decide(model: ir.Model, contents: Mapping[str, NDArray[Any]]) -> None:
    """Fix values by name, and write out what that decides."""
    graph = model.graph
    values = ir.convenience.create_value_mapping(graph, include_subgraphs=False)
    for name, content in contents.items():
        value = values[name]
        stored = store(graph, content, f"{name}/decided")
        value.replace_all_uses_with(stored, replace_graph_outputs=False)
    remove_unused(model)
    write_out_decided(model)


def write_out_decided(model: ir.Model) -> None:
    """Replace If and Loop nodes whose condition or count is constant by what they do, lists included."""
    fold(model)
    while any(_written_out(node) for node in list(model.graph)):
        fold(model)
    resolve(model)
    leave_out_identities(model)
    remove_unused(model)


def _written_out(node: ir.Node) -> bool:
    if node.op_type == "If" and (condition := array_of(node.inputs[0])) is not None:
        _take(node, attribute(node, "then_branch" if condition.item() else "else_branch"))
        return True
    if node.op_type == "Loop" and (count := array_of(node.inputs[0])) is not None and _repeats(node, int(count.item())):
        _unroll(node, int(count.item()))
        return True
    return False


def _take(node: ir.Node, branch: ir.Graph) -> None:
    replace(node, *insert(branch, node, [], "taken"))


def insert(body: ir.Graph, node: ir.Node, arguments: list[ir.Value], label: str) -> list[ir.Value]:
    """A copy of `body` in front of `node`, with `arguments` for its inputs; the values of its outputs."""
    graph = node.graph
    assert graph is not None
    copy = body.clone(allow_outer_scope_values=True)
    formal, outputs = list(copy.inputs), list(copy.outputs)
    initializers = list(copy.initializers.values())
    build = Builder(graph, node, f"{node.name or node.op_type}/{label}")
    copy.initializers.clear()
    for value in initializers:
        value.name = build.unused(str(value.name))
        graph.register_initializer(value)
    nodes = list(copy)
    copy.outputs.clear()
    copy.inputs.clear()
    copy.remove(nodes)
    for inner in nodes:
        inner.name = build.unused(str(inner.name))
        for value in inner.outputs:
            value.name = build.unused(str(value.name))
        graph.insert_before(node, inner)
    for old, new in zip(formal, arguments, strict=True):
        old.replace_all_uses_with(new)
    exchanged = dict(zip(formal, arguments, strict=True))
    return [exchanged.get(value, value) for value in outputs]


def _repeats(node: ir.Node, count: int) -> bool:
    """Whether the loop runs exactly `count` times, and that is not too often."""
    start = array_of(node.inputs[1]) if len(node.inputs) > 1 and node.inputs[1] is not None else True
    if start is None or count > MOST:
        return False
    if not bool(start):
        return True
    (body,) = node_graphs(node)
    going = body.outputs[0]
    while (made := going.producer()) is not None and made.op_type == "Identity" and made.inputs[0] is not None:
        going = made.inputs[0]
    constant = going.const_value
    if (made := going.producer()) is not None and made.op_type == "Constant":
        constant = made.attributes["value"].as_tensor() if "value" in made.attributes else None
    return going is body.inputs[1] or (constant is not None and bool(constant.numpy()))


def _unroll(node: ir.Node, count: int) -> None:
    (body,) = node_graphs(node)
    carried: list[Any] = list(node.inputs[2:])
    if len(node.inputs) > 1 and (start := array_of(node.inputs[1])) is not None and not bool(start):
        count = 0
    collected: list[list[ir.Value]] = [[] for _ in node.outputs[len(carried) :]]
    build = Builder(_graph(node), node)
    for k in range(max(count, 0)):
        arguments = [build.constant(k), build.constant(True, bool), *carried]
        results = insert(body, node, arguments, str(k))
        carried, scanned = results[1 : 1 + len(carried)], results[1 + len(carried) :]
        for values, value in zip(collected, scanned, strict=True):
            values.append(value)
    stacked = [_stack(build, values) for values in collected]
    replace(node, *carried, *stacked)


def _graph(node: ir.Node) -> ir.Graph:
    assert isinstance(node.graph, ir.Graph)
    return node.graph


def _stack(build: Builder, values: list[ir.Value]) -> ir.Value:
    if not values:
        return build.constant([], "float32")
    first = build.constant([0])
    return build("Concat", *(build("Unsqueeze", v, first) for v in values), axis=0)
