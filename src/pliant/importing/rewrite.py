"""Writing a reading into the graph: live axes of inputs, and computed operands in place of constants.

Only operators of opset 11 are written, because the file keeps the opset it came with.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import onnx_ir as ir

from pliant.importing.base import Reading
from pliant.importing.symbols import Length, Symbol, terms
from pliant.lowering.builder import Builder

AXES = {"n": 0, "h": 2, "w": 3}


class Formulas:
    """Lengths as values of shape [1] and type int64, each written once.

    `picture` is the input whose axes are n, h and w; `resized` the value whose axes are H and W, or None.
    """

    def __init__(
        self, graph: ir.Graph, picture: ir.Value, resized: ir.Value | None, multiples: Mapping[str, int]
    ) -> None:
        self.graph, self.picture, self.resized, self.multiples = graph, picture, resized, multiples
        self._made: dict[Length, ir.Value] = {}
        first = next(iter(graph))
        self._start = Builder(graph, first, "sizes")
        behind = resized.producer() if resized is not None else None
        following = None if behind is None else _next(graph, behind)
        self._later = self._start if behind is None else Builder(graph, following, "sizes")

    def vector(self, lengths: list[Length], before: ir.Node) -> ir.Value:
        """All of them as one vector."""
        build = Builder(self.graph, before, before.name or "sizes")
        parts = [build.constant([n]) if isinstance(n, int) else self.value(n) for n in lengths]
        return build("Concat", *parts, axis=0)

    def value(self, length: Length) -> ir.Value:
        """One length."""
        if length not in self._made:
            build = self._later if any(name in ("H", "W") for name in _names(length)) else self._start
            self._made[length] = self._sum(length, build)
        return self._made[length]

    def _sum(self, length: Length, build: Builder) -> ir.Value:
        summands: list[ir.Value] = []
        for monomial, c in terms(length).items():
            factors = [self._symbol(s, build) for s, power in monomial for _ in range(power)]
            if c != 1 or not factors:
                factors.append(build.constant([c]))
            summands.append(reduce(lambda a, b: build("Mul", a, b), factors))
        return reduce(lambda a, b: build("Add", a, b), summands)

    def _symbol(self, part: Symbol, build: Builder) -> ir.Value:
        if part.rule:
            return self._derived(part, build)
        source, axis = (self.resized, 2 + (part.name == "W")) if part.name in ("H", "W") else (self.picture, None)
        at = AXES[part.name] if axis is None else axis
        length = build("Gather", build("Shape", source), build.constant([at]), axis=0)
        multiple = self.multiples.get(part.name, 1)
        return length if multiple == 1 else build("Div", length, build.constant([multiple]))

    def _derived(self, part: Symbol, build: Builder) -> ir.Value:
        a, *rest = (self.value(n) for n in part.of)
        if part.rule == "floor":
            return build("Div", a, rest[0])  # both are positive
        if part.rule == "scaled":
            product = build("Mul", build("Cast", a, to=1), build.constant(part.scale, "float32"))
            return build("Cast", build("Floor", product), to=7)
        first, second = (a, rest[0]) if part.rule == "min" else (rest[0], a)
        return build("Where", build("Less", a, rest[0]), first, second)


def _next(graph: ir.Graph, node: ir.Node) -> ir.Node | None:
    nodes = list(graph)
    at = nodes.index(node) + 1
    return nodes[at] if at < len(nodes) else None


def _names(length: Length) -> set[str]:
    from pliant.importing.symbols import symbols

    return symbols(length)


def apply(graph: ir.Graph, reading: Reading, formulas: Formulas) -> int:
    """Put the formulas of a reading in place of constants; how many operands changed."""
    for (node, at), lengths in reading.formulas.items():
        node.replace_input_with(at, formulas.vector(lengths, node))
    return len(reading.formulas)


def forget_shapes(graph: ir.Graph) -> None:
    """Remove what the exporter noted about the shapes of inner values: it held for one size."""
    for node in ir.traversal.RecursiveGraphIterator(graph):
        for value in node.outputs:
            value.shape = None
