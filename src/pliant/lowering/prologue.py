"""What can be computed before a network runs, and cutting a graph there.

The *prologue* is the part of a graph that depends on sizes and live values only: output sizes, sampling positions and
their weights. It runs on ONNX Runtime in full precision, double included, so that every engine gets the same numbers.
The rest, the *body*, takes its results as further inputs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import onnx_ir as ir

from pliant.lowering.builder import Builder, array_of, replace
from pliant.lowering.dialect import key_of
from pliant.lowering.lengths import Lengths
from pliant.lowering.shapes.base import Rule, Shape, ShapeOf, Unknown
from pliant.registry import load, names

LEARNT = 2**14  # elements of a weight from which a layer is the engine's work, even where it sees no picture
_LAYERS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "LSTM", "GRU", "RNN"})
_RANDOM = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"}
)
PICTURES = "pliant.pictures"  # key of a graph's metadata: names of the inputs whose content only the network sees
_SHAPES = "pliant.lowering.shapes"
ALIKE = "pliant.alike"  # metadata of an If whose branches give the same shapes: written by a rule, or proved


@dataclass(frozen=True)
class Network:
    """A model cut in two, for one set of decisions: what is computed beforehand, and what an engine runs.

    `prologue` takes the arguments of the model and gives `passed`, which `body` takes after the pictures that it uses,
    and those results of the model that depend on sizes and values alone. Either is None if there is nothing in it.
    """

    prologue: ir.Model | None
    body: ir.Model | None
    passed: tuple[str, ...]


def operands(node: ir.Node) -> list[ir.Value]:
    """Everything that `node` reads: inputs, and what the graphs inside it take from outside."""
    found = {id(v): v for v in node.inputs if v is not None}
    for graph in node_graphs(node):
        for inner in ir.traversal.RecursiveGraphIterator(graph):
            found.update((id(v), v) for v in inner.inputs if v is not None and v.graph is node.graph)
        found.update((id(v), v) for v in graph.outputs if v.graph is node.graph)
    return list(found.values())


def node_graphs(node: ir.Node) -> list[ir.Graph]:
    """The bodies of a control-flow node."""
    return [a.as_graph() for a in node.attributes.values() if a.type == ir.AttributeType.GRAPH]


def beforehand(graph: ir.Graph, pictures: Collection[str]) -> set[ir.Value]:
    """The values that do not depend on the content of `pictures`, constants included."""
    known = {v for v in graph.inputs if v.name not in pictures} | set(graph.initializers.values())
    held = {v for v in graph.inputs if v.name in pictures}
    for node in graph:
        asks_shape = node.op_type in ("Shape", "Size") and node.inputs[0] in held
        if asks_shape or (all(v in known for v in operands(node)) and not _is_learnt(node)):
            known.update(node.outputs)
    return known


def known_beforehand(graph: ir.Graph, value: ir.Value | None) -> bool:
    """Whether a value of a graph that is being lowered depends on sizes, live values and constants only."""
    return value is not None and value in beforehand(graph, graph.meta[PICTURES])


def _is_learnt(node: ir.Node) -> bool:
    if node.op_type in _RANDOM or node.op_type == "DequantizeLinear":  # or weights of a byte become floats again
        return True
    weights = (array_of(v) for v in node.inputs) if node.op_type in _LAYERS else ()
    return any(w is not None and w.dtype.kind == "f" and w.size >= LEARNT for w in weights)


def answer_shapes(graph: ir.Graph, pictures: Collection[str]) -> tuple[bool, bool]:
    """Replace every question for the shape of a feature map by arithmetic on the shapes of the inputs, where known.

    Whether any was answered, and whether any is left: what an answer decides may have another shape behind it.
    """
    shapes: dict[ir.Value, Any] = {}
    nodes = list(graph)
    start = Lengths(Builder(graph, nodes[0] if nodes else None, "sizes"))
    known = beforehand(graph, pictures)
    answered, left = False, False

    def shape_of(value: ir.Value) -> Shape | None:
        if value not in shapes:
            shapes[value] = _first_shape(value, start)
        return shapes[value]

    for node, behind in zip(nodes, [*nodes[1:], None], strict=True):
        lengths = Lengths(Builder(graph, behind, "sizes"))
        asked = node.inputs[0] if node.op_type in ("Shape", "Size") else None
        # of what is computed beforehand, the shape is too; an answer would ask for it again
        if asked is not None and not asked.is_graph_input() and asked not in known:
            shape = shape_of(asked)
            if shape is not None:
                answer = _answer(node, shape, lengths)
                shapes[answer] = _of_answer(node, shape)  # so that what it decides is answered in the same round
                replace(node, answer)
                answered = True
                continue
            left = True
        for value, shape in zip(node.outputs, shapes_of(node, shape_of, lengths), strict=True):
            if shape is None and value in known and value.shape is not None:
                shape = [lengths.shape(value, k) for k in range(len(value.shape))]
            shapes[value] = shape
    return answered, left


def shapes_of(node: ir.Node, shape_of: ShapeOf, lengths: Lengths) -> list[Any]:
    """The shapes of the outputs of `node`, None for each that is not known beforehand."""
    if key_of(node) == "If":
        if ALIKE in node.metadata_props:
            return _shapes_inside(node_graphs(node)[0], shape_of, lengths)
        return _shapes_of_either(node, shape_of, lengths)
    rule = _shape_rule(key_of(node))
    nothing: list[Any] = [None] * len(node.outputs)
    if rule is None:
        return nothing
    try:
        found: list[Any] = rule(node, shape_of, lengths)
    except (Unknown, ValueError):  # a ValueError: another rank than an operator takes
        return nothing
    return [*found, *nothing[len(found) :]]


@cache
def shape_rules() -> dict[str, Rule]:
    """How each operator's result is shaped, from all files of the family."""
    return {op: rule for name in names(_SHAPES) for op, rule in load(_SHAPES, name, "RULES", extra="lowering").items()}


def _shapes_inside(branch: ir.Graph, shape_of: ShapeOf, lengths: Lengths) -> list[Any]:
    """The shapes of the outputs of a branch."""
    inside: dict[ir.Value, Any] = {v: [*v.shape] for v in branch.initializers.values() if v.shape is not None}

    def known(value: ir.Value) -> Shape | None:
        return inside[value] if value in inside else shape_of(value)

    for node in branch:
        inside.update(zip(node.outputs, shapes_of(node, known, lengths), strict=True))
    return [known(v) for v in branch.outputs]


def _shapes_of_either(node: ir.Node, shape_of: ShapeOf, lengths: Lengths) -> list[Any]:
    """The shapes of the outputs of an If, where both branches give the same: experts that a network chooses from."""
    one, other = (_shapes_inside(branch, shape_of, lengths) for branch in node_graphs(node))
    same = [lengths.equal(a, b) for a, b in zip(one, other, strict=True)]
    if all(same):
        node.metadata_props[ALIKE] = ""
    return [a if known else None for a, known in zip(one, same, strict=True)]


def _shape_rule(key: str) -> Rule | None:
    """The rule for an operator or a function that an engine takes whole; "*" at the end stands for any rest."""
    known = shape_rules()
    return known.get(key) or next((r for k, r in known.items() if k[-1] == "*" and key.startswith(k[:-1])), None)


def _first_shape(value: ir.Value, lengths: Lengths) -> Shape | None:
    """Of a constant or an input of the graph."""
    if value.shape is None or value.producer() is not None:
        return None
    return [lengths.shape(value, k) for k in range(len(value.shape))]


def _answer(node: ir.Node, shape: Shape, lengths: Lengths) -> ir.Value:
    if node.op_type == "Size":
        return lengths.build("Squeeze", lengths.value(lengths.product(shape)))
    return lengths.vector(_asked(node, shape))


def _of_answer(node: ir.Node, shape: Shape) -> Shape:
    """The shape of what `_answer` gives."""
    return [] if node.op_type == "Size" else [len(_asked(node, shape))]


def _asked(node: ir.Node, shape: Shape) -> Shape:
    """The lengths that a Shape node asks for."""
    start, end = (node.attributes.get(k) for k in ("start", "end"))
    return shape[start.as_int() if start else None : end.as_int() if end else None]


def cut(model: ir.Model, pictures: Collection[str]) -> Network:
    """Cut a model in its prologue and its body."""
    graph = model.graph
    known = beforehand(graph, pictures)
    live = {v for v in known if not v.is_initializer() and v.name not in pictures}
    working = [node for node in graph if not all(v in known for v in node.outputs)]
    passed = _ordered(v for node in working for v in operands(node) if v in live)
    results = [v for v in graph.outputs if v not in known]
    direct = [v for v in graph.outputs if v in known]
    read = {v for node in working for v in operands(node)}
    inputs = [v for v in graph.inputs if v.name in pictures and (v in read or v in results)]
    prologue = extract(model, list(graph.inputs), _ordered([*passed, *direct])) if passed or direct else None
    body = extract(model, [*inputs, *passed], results) if results else None
    return Network(prologue, body, tuple(str(v.name) for v in passed))


def _ordered(values: Iterable[ir.Value]) -> list[ir.Value]:
    return list(dict.fromkeys(values))


def extract(model: ir.Model, inputs: list[ir.Value], outputs: list[ir.Value]) -> ir.Model:
    """The part of a model between values, with the weights and functions it uses; the model stays as it is.

    Weights are in the order of their names, so that the same part gives the same bytes.
    """
    graph = ir.convenience.extract(model.graph, inputs, outputs)
    weights = sorted(graph.initializers.values(), key=lambda v: str(v.name))
    graph.initializers.clear()
    for value in weights:
        graph.register_initializer(value)
    part = ir.Model(graph, ir_version=model.ir_version, functions=[f.clone() for f in model.functions.values()])
    part.graph.opset_imports.update(model.graph.opset_imports)
    return part
