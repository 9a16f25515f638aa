"""A network in float16, with islands of float32 where float16 overflows or loses too much.

What is known to break stays in float32 by rule: sums over many elements and what norms do with them, Softmax,
exponentials, powers, positions and what is rounded to indices, comparisons, and constants that float16 does not hold.
What breaks in one network alone is found by running it on examples: a value that comes near the limit, or is so small
that float16 keeps few of its digits, stays in float32. Inputs and outputs stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.passes import common

from pliant.contract import Contract, Dim
from pliant.lowering.builder import Builder, array_of, store
from pliant.lowering.dialect import key_of
from pliant.lowering.prologue import node_graphs, operands
from pliant.lowering.runtime import Prologue, run
from pliant.lowering.unused import remove_unused

LARGEST = 65504.0 / 4  # examples are few: what comes this near the limit may pass it
SMALLEST = 2.0**-14  # below the smallest normal number, float16 loses a digit with every halving
FLOAT, HALF = ir.DataType.FLOAT, ir.DataType.FLOAT16
Array = NDArray[Any]

_LAYERS = ("Conv", "ConvTranspose", "MatMul", "Gemm", "Einsum", "MaxPool", "AveragePool", "Resize", "Pad")
_POINTWISE = ("Add", "Sub", "Mul", "Div", "Sum", "Neg", "Abs", "Min", "Max", "Where", "Clip", "Erf", "Identity")
_ACTIVATIONS = (
    *("Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish"),
    *("Gelu", "Mish", "Softplus", "Softsign", "ThresholdedRelu"),
)
_LOOKUPS = ("Gather", "GatherElements", "GatherND", "Slice", "Split", "Concat", "Transpose", "Expand", "Tile")
_SHAPES = ("Reshape", "Squeeze", "Unsqueeze", "Flatten", "DepthToSpace", "SpaceToDepth")
HALVES = frozenset((*_LAYERS, *_POINTWISE, *_ACTIVATIONS, *_LOOKUPS, *_SHAPES))
"""Operators that may compute in float16. All others stay in float32: those that sum much, and those not thought of."""
FULL = {"Resize": (1, 2)}  # operands that are float32 whatever the operator computes in
_MOVES = frozenset({"Slice", "Gather", "Concat", "Transpose", "Expand", "Split", "Tile", "Identity", *_SHAPES[:4]})
_ELEMENTWISE = frozenset({*_POINTWISE[:8], "Clip", "Sqrt", "Reciprocal", "Pow", "Floor", "Ceil", "Round"})
_BEFORE = frozenset({"Mul", "Pow", "Sub", "Abs", "Exp"})  # what a norm does before it sums
_BEHIND = frozenset({"Add", "Sub", "Sqrt", "Reciprocal", "Pow", "Div", "Max", "Clip", "Mul"})  # and with the sum
REDUCTIONS = frozenset(f"Reduce{k}" for k in ("Mean", "Sum", "L1", "L2", "SumSquare", "LogSum", "LogSumExp", "Prod"))


def halved(model: ir.Model, examples: Iterable[Mapping[str, Array]] = ()) -> ir.Model:
    """`model` computing in float16 where that holds; the same object, changed.

    It has inferred types, and weights as initializers. `examples` are values of its inputs by name, on which it is run
    in float32 to see how large its values get.
    """
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    islands = _by_rule(model.graph)
    islands |= _by_examples(model, list(examples))
    _convert(model.graph, islands)
    remove_unused(model)
    return model


def _is_float(value: ir.Value | None) -> bool:
    return value is not None and value.dtype == FLOAT


def _by_rule(graph: ir.Graph) -> set[ir.Node]:
    """Nodes that stay in float32 whatever the values are."""
    found = {node for node in graph if key_of(node) not in HALVES or _holds_extremes(node)}
    for node in list(graph):
        if node.op_type in REDUCTIONS:
            _spread(node, found, _BEFORE, _producers, 2)
            _spread(node, found, _BEHIND, _readers, 5)
        elif node.op_type == "Cast" and not _is_float(node.outputs[0]):
            _spread(node, found, _ELEMENTWISE | _MOVES, _producers, 64)
        elif node.op_type == "GridSample":
            _spread_to(node.inputs[1], found)
    return found


def _spread_to(value: ir.Value | None, found: set[ir.Node]) -> None:
    made = value.producer() if value is not None else None
    if made is not None and made.op_type in _ELEMENTWISE | _MOVES:
        found.add(made)
        _spread(made, found, _ELEMENTWISE | _MOVES, _producers, 64)


def _producers(node: ir.Node) -> list[ir.Node]:
    return [made for v in node.inputs if v is not None and (made := v.producer()) is not None]


def _readers(node: ir.Node) -> list[ir.Node]:
    return [use.node for value in node.outputs for use in value.uses()]


def _spread(
    start: ir.Node, found: set[ir.Node], over: Collection[str], step: Callable[[ir.Node], list[ir.Node]], most: int
) -> None:
    """Add what is reached from `start` in at most `most` steps over operators in `over`."""
    edge, seen = [start], {start}
    for _ in range(most):
        edge = [
            n for node in edge for n in step(node) if n.op_type in over and n not in seen and n.graph is start.graph
        ]
        seen.update(edge)
    found |= seen


def _holds_extremes(node: ir.Node) -> bool:
    """Whether a constant operand is one that float16 does not hold."""
    kept = FULL.get(node.op_type, ())
    return any(_is_extreme(array_of(v)) for k, v in enumerate(node.inputs) if _is_float(v) and k not in kept)


def _is_extreme(array: Array | None) -> bool:
    """Too large anywhere, or not 0 and too small everywhere: single small weights among others are harmless."""
    if array is None or not array.size:
        return False
    largest = float(np.abs(array).max())
    return largest > 65504 or 0 < largest < SMALLEST


def _by_examples(model: ir.Model, examples: Sequence[Mapping[str, Array]]) -> set[ir.Node]:
    """Nodes with a result that float16 does not hold in one of the examples, and all that read it."""
    if not examples:
        return set()
    watched = [v for node in model.graph for v in node.outputs if _is_float(v)]
    probe = model.clone()
    names = [str(v.name) for v in watched]
    values = ir.convenience.create_value_mapping(probe.graph, include_subgraphs=False)
    probe.graph.outputs[:] = [values[name] for name in names]
    wide: set[int] = set()
    for feeds in examples:
        wide |= {k for k, array in enumerate(run(probe, feeds)) if _is_wide(array)}
    made = {watched[k].producer() for k in wide}
    readers = {use.node for k in wide for use in watched[k].uses() if use.node.graph is model.graph}
    return {node for node in made | readers if node is not None}


def _is_wide(array: Array) -> bool:
    magnitudes = np.abs(array[np.isfinite(array)])
    largest = float(magnitudes.max(initial=0))
    return largest > LARGEST or 0 < largest < SMALLEST


class _Casts:
    """Each value in the other type, cast once; constants are stored again instead."""

    def __init__(self, graph: ir.Graph) -> None:
        self.graph = graph
        self._made: dict[tuple[ir.Value, ir.DataType], ir.Value] = {}

    def __call__(self, value: ir.Value, to: ir.DataType) -> ir.Value:
        key = (value, to)
        if key not in self._made:
            self._made[key] = self._cast(value, to)
        return self._made[key]

    def _cast(self, value: ir.Value, to: ir.DataType) -> ir.Value:
        known = array_of(value)
        if known is not None:
            with np.errstate(over="ignore"):
                return store(self.graph, known.astype(to.numpy()), f"{value.name}/{to.name}")
        made = value.producer()
        behind = next(iter(self.graph), None) if made is None else _next(made)
        cast: ir.Value = Builder(self.graph, behind, f"{value.name}/{to.name}")("Cast", value, to=int(to))
        cast.dtype, cast.shape = to, value.shape
        return cast


def _next(node: ir.Node) -> ir.Node | None:
    assert isinstance(node.graph, ir.Graph)
    after = list(node.graph)
    at = after.index(node) + 1
    return after[at] if at < len(after) else None


def _convert(graph: ir.Graph, islands: Collection[ir.Node]) -> None:
    """Let all nodes but `islands` compute in float16, with casts where the two meet."""
    casts, nodes = _Casts(graph), list(graph)
    half = {v for node in nodes if node not in islands for v in node.outputs if _is_float(v)}
    for value in half:
        value.type = ir.TensorType(HALF)  # a new one: copies of a graph share theirs
    for node in nodes:
        kept = FULL.get(node.op_type, ())
        if node in islands:
            _widen(node, half, casts)
            continue
        for k, value in enumerate(node.inputs):
            if value is not None and value not in half and k not in kept and _is_float(value):
                node.replace_input_with(k, casts(value, HALF))
            elif value in half and k in kept:
                assert value is not None
                node.replace_input_with(k, casts(value, FLOAT))
    for k, value in enumerate(list(graph.outputs)):
        if value in half:
            name, wide = value.name, casts(value, FLOAT)
            value.name, wide.name = f"{name}/{HALF.name}", name
            graph.outputs[k] = wide


def _widen(node: ir.Node, half: Collection[ir.Value], casts: _Casts) -> None:
    """Give an island its operands in float32, those that graphs inside it take from outside included."""
    for value in operands(node):
        if value in half:
            wide = casts(value, FLOAT)
            for k, given in enumerate(node.inputs):
                if given is value:
                    node.replace_input_with(k, wide)
            for graph in node_graphs(node):
                _replace_inside(graph, value, wide)


def _replace_inside(graph: ir.Graph, old: ir.Value, new: ir.Value) -> None:
    for inner in ir.traversal.RecursiveGraphIterator(graph):
        for k, given in enumerate(inner.inputs):
            if given is old:
                inner.replace_input_with(k, new)
    for k, given in enumerate(list(graph.outputs)):
        if given is old:
            graph.outputs[k] = new


def examples_of(contract: Contract) -> list[dict[str, Array]]:
    """Arguments to try a model on: noise over the range of a picture, and its brightest value everywhere.

    Live lengths are about 24; live values are those of the export.
    """
    generator = np.random.default_rng(0)
    low, high = (contract.image.minimum, contract.image.maximum) if contract.image else (0.0, 1.0)
    found: list[dict[str, Array]] = [{}, {}]
    for entry in contract.inputs:
        shape = tuple(dim.size if dim.size is not None else _length(dim) for dim in entry.dims)
        if entry.role == "value" or entry.dtype not in ("float32", "float64"):
            given = np.resize(np.asarray(entry.example or [1]), shape).astype(entry.dtype)
            contents = [given, given]
        else:
            noise = generator.random(shape) * (high - low) + low
            contents = [noise.astype(entry.dtype), np.full(shape, high, entry.dtype)]
        for feeds, content in zip(found, contents, strict=True):
            feeds[entry.name] = content
    return found


def _length(dim: Dim) -> int:
    """About 24, and one that the dim allows."""
    wanted = min(max(24, dim.minimum), dim.maximum or 24)
    return max(dim.multiple, wanted - wanted % dim.multiple)


def halved_body(body: ir.Model, prologue: Prologue | None, contract: Contract) -> ir.Model:
    """The body of a network, halved on examples of its contract; the same object, changed."""
    names = [str(v.name) for v in body.graph.inputs]
    examples: list[dict[str, Array]] = []
    for feeds in examples_of(contract):
        given = {**feeds, **(prologue(feeds) if prologue is not None else {})}
        examples.append({name: given[name] for name in names})
    return halved(body, examples)
