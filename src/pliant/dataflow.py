"""Where the inputs of a graph go: the routes of live values, and what drives each resize."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

from pliant.contract import Resize
from pliant.graph import Body, Graph, Node, Tensor, Value

_Rename = Callable[[str], str]
_Named = TypeVar("_Named", Value, Tensor)

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


def inline(graph: Graph, whole: Callable[[Node], bool] = lambda node: False) -> Body:
    """The main graph with the functions that the file defines written out in place of their calls.

    Calls inside control flow and inside functions are written out too; a call that is to stay `whole` is left.
    """
    return _written_out(graph, graph.body, str, "", whole)


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


def is_resize(node: Node) -> bool:
    """Whether a node resizes: ONNX's own operators, and the functions that pliant names after what they do."""
    if node.domain == "pliant":
        return node.op.startswith("resize_") and {"mode", "semantics"} <= node.attributes.keys()
    return not node.domain and node.op in ("Resize", "Upsample")


def resize_name(node: Node) -> str:
    """What the contract calls a resize: the step of the trace for pliant's functions, else the node."""
    return node.name.partition("/")[0] if node.domain else node.name


def resizes(graph: Graph, values: Iterable[str]) -> tuple[Resize, ...]:
    """Every resize, with those of the inputs `values` that drive it; none drive a resize with a fixed factor."""
    body = inline(graph, whole=is_resize)
    reach = {value: _reached(body, [value], sizes=True) for value in values}
    return tuple(_resize(node, reach) for node in body.nodes if is_resize(node))


def _resize(node: Node, reach: dict[str, set[str]]) -> Resize:
    operands = [name for name in node.inputs[1:] if name]
    driver = tuple(value for value, names in reach.items() if names.intersection(operands))
    mode = node.attributes.get("mode", "nearest")
    sized = not node.domain and len(node.inputs) > 3 and bool(node.inputs[3])
    sized |= node.attributes.get("semantics") == "size"
    return Resize(resize_name(node), mode, "size" if sized else "scale", driver)


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


def _written_out(graph: Graph, body: Body, rename: _Rename, path: str, whole: Callable[[Node], bool]) -> Body:
    """`body`, at `path`, with its calls written out and every name through `rename`."""

    def renamed(values: tuple[_Named, ...]) -> tuple[_Named, ...]:
        return tuple(replace(value, name=rename(value.name)) for value in values)

    nodes = (
        written
        for at, node in enumerate(body.nodes)
        for written in _expanded(graph, node, rename, f"{path}.{at}" if path else str(at), whole)
    )
    return Body(tuple(nodes), renamed(body.inputs), renamed(body.outputs), renamed(body.constants))


def _expanded(graph: Graph, node: Node, rename: _Rename, path: str, whole: Callable[[Node], bool]) -> tuple[Node, ...]:
    bodies = (_written_out(graph, body, rename, f"{path}:{k}", whole) for k, body in enumerate(node.bodies))
    inputs, outputs = (tuple(rename(name) if name else "" for name in names) for names in (node.inputs, node.outputs))
    call = replace(node, inputs=inputs, outputs=outputs, bodies=tuple(bodies))
    function = graph.functions.get((node.domain, node.op))
    if function is None or whole(call):
        return (call,)
    names = {value.name: "" for value in function.inputs}
    names.update({value.name: name for value, name in zip(function.inputs, inputs, strict=False)})
    names.update({value.name: name for value, name in zip(function.outputs, outputs, strict=False) if name})
    inside = _written_out(graph, function, lambda name: names.get(name, f"{path}/{name}"), path, whole)
    return tuple(_of_call(inner, call) for inner in inside.nodes)


def _of_call(inner: Node, call: Node) -> Node:
    """A node of a function, named as part of the step that calls it, if the name of the call tells one."""
    step, slash, _ = call.name.partition("/")
    return replace(inner, name=f"{step}/{inner.name.rpartition('/')[2]}") if slash else inner
