"""Where the inputs of a graph go: the routes of live values, and what drives each resize."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, groupby

from pliant.contract import Resize
from pliant.graph import Body, Graph, Node

# operands of the operators whose behaviour a live value can set; others are called "input 1", "input 2"...
_OPERANDS = {
    "Expand": ("input", "shape"),
    "If": ("condition",),
    "Loop": ("trip count", "condition"),
    "Pad": ("data", "pads", "value", "axes"),
    "Reshape": ("data", "shape"),
    "Resize": ("X", "roi", "scales", "sizes"),
    "Slice": ("data", "starts", "ends", "axes", "steps"),
    "Tile": ("input", "repeats"),
    "Upsample": ("X", "scales"),
}


@dataclass(frozen=True)
class Route:
    """One way from an input to the picture.

    `nodes` are passed in order, each once; the last one works on picture data too and takes the value as
    `operand`. `operand` is "output" if the value is returned without meeting the picture.
    """

    start: str
    nodes: tuple[Node, ...]
    operand: str

    @property
    def steps(self) -> tuple[str, ...]:
        """What is passed, in the words of the model's source: nodes that one step became are named once.

        pliant names nodes "step/Operator_7"; nodes of other exporters are named by their operator.
        """
        parts = ((node.name.partition("/"), node.op) for node in self.nodes)
        names = (step if step and slash else operator for (step, slash, _), operator in parts)
        return tuple(name for name, _ in groupby(names))

    def __str__(self) -> str:
        return " -> ".join((self.start, *self.steps)) + f" ({self.operand})"


def inline(graph: Graph) -> Body:
    """The main graph with the functions that the file defines written out in place of their calls."""
    nodes = chain.from_iterable(_written_out(graph, node, str(at)) for at, node in enumerate(graph.body.nodes))
    return replace(graph.body, nodes=tuple(nodes))


def routes(body: Body, start: str, pictures: Iterable[str]) -> list[Route]:
    """The shortest route from the input `start` to each node where it meets data of the inputs `pictures`.

    Empty if the input reaches nothing: it is dangling. Sizes of a picture are not picture data.
    """
    picture = _reached(body, pictures)
    readers: dict[str, list[Node]] = defaultdict(list)
    for node in body.nodes:
        for name in node.reads:
            readers[name].append(node)
    outputs = {value.name for value in body.outputs}
    found: list[Route] = []
    seen: set[int] = set()
    queue: deque[tuple[str, tuple[Node, ...]]] = deque([(start, ())])
    while queue:
        name, passed = queue.popleft()
        if name in outputs:
            found.append(Route(start, passed, "output"))
        for node in readers[name]:
            if id(node) in seen:
                continue
            seen.add(id(node))
            if any(read in picture for read in node.reads if read != name):
                found.append(Route(start, (*passed, node), _operand(node, name)))
            else:
                queue.extend((output, (*passed, node)) for output in node.outputs if output)
    return found


def resizes(body: Body, values: Iterable[str]) -> tuple[Resize, ...]:
    """Every resize, with those of the inputs `values` that drive it; none drive a resize with a fixed factor."""
    reach = {value: _reached(body, [value], sizes=True) for value in values}
    found: list[Resize] = []
    for node in body.nodes:
        if node.op in ("Resize", "Upsample") and not node.domain:
            operands = [name for name in node.inputs[1:] if name]
            driver = tuple(value for value, names in reach.items() if names.intersection(operands))
            sized = len(node.inputs) > 3 and bool(node.inputs[3])
            mode = node.attributes.get("mode", "nearest")
            found.append(Resize(node.name, mode, "size" if sized else "scale", driver))
    return tuple(found)


def _reached(body: Body, starts: Iterable[str], sizes: bool = False) -> set[str]:
    """Names of the values computed from `starts`; through Shape and Size only if `sizes`."""
    reached = set(starts)
    for node in body.nodes:  # ONNX lists nodes in order of computation
        if (sizes or node.op not in ("Shape", "Size")) and reached.intersection(node.reads):
            reached.update(name for name in node.outputs if name)
    return reached


def _operand(node: Node, name: str) -> str:
    if name not in node.inputs:
        return "inside"
    at = node.inputs.index(name)
    known = () if node.domain else _OPERANDS.get(node.op, ())
    return known[at] if at < len(known) else f"input {at + 1}"


def _written_out(graph: Graph, node: Node, prefix: str) -> list[Node]:
    body = graph.functions.get((node.domain, node.op))
    if body is None:
        return [node]
    names = {value.name: name for value, name in zip(body.inputs, node.inputs, strict=False)}
    names.update({value.name: name for value, name in zip(body.outputs, node.outputs, strict=False)})
    written: list[Node] = []
    for at, inner in enumerate(body.nodes):
        renamed = replace(
            inner,
            inputs=tuple(_renamed(name, names, prefix) for name in inner.inputs),
            outputs=tuple(_renamed(name, names, prefix) for name in inner.outputs),
        )
        written += _written_out(graph, renamed, f"{prefix}.{at}")
    return written


def _renamed(name: str, names: dict[str, str], prefix: str) -> str:
    return names.get(name, f"{prefix}/{name}") if name else ""
