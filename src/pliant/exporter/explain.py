"""From a translated model to the ways of its live values: source lines, formulas, ONNX nodes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import onnx_ir as ir
import torch
from torch.fx import Graph, Node

from pliant.capture.trace import Leaf
from pliant.contract import Contract, Input, Output
from pliant.explanation import Course, Explanation, Landing, Station
from pliant.exporter.paths import NUMBERS, Traced, finals, users_place
from pliant.exporter.signature import MOST_VALUES


def explain(model: Any, contract: Contract, leaves: Sequence[Leaf]) -> Explanation:
    """The ways of all live values and axes of `model`, an `ir.Model` that was just made from a trace.

    `leaves` are parallel to the inputs of the contract.
    """
    inputs, outputs = contract.inputs, contract.outputs
    made: dict[Node, list[Any]] = defaultdict(list)
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        if isinstance(step := node.meta.get("node"), Node):
            made[step].append(node)
    graph = _main_graph(made)
    if graph is None:
        return Explanation(())
    traced = Traced(graph, inputs)
    courses: list[Course] = []
    for node, entry, leaf in zip(traced.nodes, inputs, leaves, strict=True):
        if entry.role == "value":
            where = f"{entry.name}, {entry.dtype} [{', '.join(map(str, entry.dims))}]"
            stations = _stations(traced, [node], made)
            courses.append(Course(entry.name, _argument(entry, leaf), where, stations, _reached(entry.name, outputs)))
    return Explanation((*courses, *_axes(traced, inputs, outputs, made)))


def _main_graph(made: Iterable[Node]) -> Graph | None:
    """The graph of the whole trace: bodies of branches and loops are graphs of their own, with fewer nodes."""
    graphs = {id(node.graph): node.graph for node in made}
    return max(graphs.values(), key=lambda graph: len(graph.nodes), default=None)


def _argument(entry: Input, leaf: Leaf) -> str:
    example = ", ".join(f"{v:g}" for v in entry.example)
    kind = f"tensor of {len(entry.example)} numbers" if entry.dims else "tensor of rank 0"
    return f"{'number' if leaf.number else kind}, {example} in the example, range: {entry.values}"


def _axes(
    traced: Traced, inputs: Sequence[Input], outputs: Sequence[Output], made: dict[Node, list[Any]]
) -> list[Course]:
    courses: dict[str, Course] = {}
    lengths: dict[str, list[Node]] = defaultdict(list)
    for node in traced.graph.nodes:
        if "sym_size" in str(node.target) and isinstance(value := node.meta.get("val"), NUMBERS):
            lengths[str(value.node.expr)].append(node)
    for symbol, places in traced.symbols.axes.items():
        k, axis = places[0]
        name = inputs[k].dims[axis].name
        if name is None or name in courses:
            continue
        dim = inputs[k].dims[axis]
        where = ", ".join(f"{inputs[k].name} axis {axis}, {inputs[k].dtype}" for k, axis in places)
        longest = f" to {dim.maximum}" if dim.maximum is not None else " or more"
        stations = _stations(traced, lengths[symbol], made)
        argument = f"live length, {dim.minimum}{longest}"
        courses[name] = Course(name, argument, where, stations, _reached(name, outputs))
    return list(courses.values())


def _reached(name: str, outputs: Sequence[Output]) -> tuple[str, ...]:
    return tuple(
        f"{output.name} axis {axis} = {formula}"
        for output in outputs
        for axis, formula in enumerate(output.dims)
        if re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", formula)
    )


def _stations(traced: Traced, starts: Sequence[Node], made: dict[Node, list[Any]]) -> tuple[Station, ...]:
    """The lines that numbers made from `starts` pass, until they meet picture data."""
    passed, landed = _spread(starts)
    lines: dict[str, tuple[list[Node], list[Node]]] = {}
    for node in traced.graph.nodes:
        if (node in passed or (node in landed and made.get(node))) and (line := users_place(node)):
            numbers, uses = lines.setdefault(line, ([], []))
            (uses if node in landed else numbers).append(node)
    found: list[Station] = []
    for line, (numbers, uses) in lines.items():
        file, number, source = re.fullmatch(r"(.*?):(\d+): (.*)", line, re.DOTALL).groups()  # type: ignore[union-attr]
        formulas = tuple(dict.fromkeys(traced.read(n.meta["val"]) for n in finals(numbers)))
        landings = tuple(_landing(node, made[node]) for node in uses)
        if formulas or landings:
            found.append(Station(file, int(number), source, formulas, landings))
    return tuple(found)


def _spread(starts: Sequence[Node]) -> tuple[set[Node], set[Node]]:
    """(nodes that are numbers made from `starts`, nodes of picture data that take one)."""
    passed: set[Node] = set()
    landed: set[Node] = set()
    pending = list(starts)
    while pending:
        node = pending.pop()
        if node in passed:
            continue
        passed.add(node)
        for user in node.users:
            if _is_number(user):
                pending.append(user)
            elif user.op != "output":
                landed.add(user)
    return passed, landed


def _is_number(node: Node) -> bool:
    value = node.meta.get("val")
    if isinstance(value, (list, tuple)):
        return bool(value) and all(_few(v) for v in value)
    return _few(value)


def _few(value: Any) -> bool:
    """Whether a value is a live number or a tensor of a handful of them."""
    if not isinstance(value, torch.Tensor):
        return isinstance(value, NUMBERS)
    lengths: list[Any] = list(value.shape)
    return value.dim() <= 1 and all(isinstance(n, int) and n <= MOST_VALUES for n in lengths)


def _resize(node: Node) -> str:
    return f"resize {node.args[3]}, by {'size' if node.args[1] is None else 'scale'}"


WORDS: dict[str, Callable[[Node], str]] = {"pliant.resize.default": _resize}  # by the target in the trace


def _landing(node: Node, nodes: Sequence[Any]) -> Landing:
    operators = tuple(dict.fromkeys(n.op_type for n in nodes))
    word = WORDS.get(str(node.target))
    what = word(node) if word is not None else operators[0] if len(nodes) == 1 else node.name
    return Landing(what, tuple(n.name for n in nodes), operators)
