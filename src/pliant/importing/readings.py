"""All ways to understand the constants of a graph so that it works at every size.

The graph is followed from its inputs on; where a constant can be understood in several ways, each is followed until
something does not fit. What is left at the end are readings that fit everywhere: one is a proof that the constants
mean this, several are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import onnx_ir as ir

from pliant.importing.arithmetic import Arithmetic
from pliant.importing.base import Alternative, Axes, Reading, Rule, called, live
from pliant.importing.checks import check
from pliant.importing.symbols import Inconsistent, Length, Shape, symbol, symbols
from pliant.importing.values import followed, small
from pliant.lowering.builder import array_of
from pliant.lowering.dialect import key_of
from pliant.lowering.prologue import shape_rules
from pliant.lowering.shapes.base import Unknown
from pliant.registry import load, names

STEPS = 60_000  # nodes that one search looks at
_RULES = "pliant.importing.rules"


class TooMany(Exception):  # noqa: N818 - the search gives up; nothing is wrong with the file
    """There are more readings than can be looked at."""


@dataclass
class Search:
    """Readings of one graph for one choice of live axes.

    `starts` are the shapes of the graph's inputs. `resized` are Resizes whose results
    have the height H and the width W, whatever their scales are. `problem` says, after a search, where the reading that
    came furthest failed, and `reached` how far that was.
    """

    graph: ir.Graph
    axes: Axes
    starts: dict[ir.Value, Shape]
    resized: tuple[ir.Node, ...] = ()
    literal: bool = False
    problem: str = ""
    reached: int = -1
    _left: int = field(default=STEPS)

    def __post_init__(self) -> None:
        self._nodes = list(self.graph)

    def readings(self) -> Iterator[Reading]:
        """All that fit. Raises TooMany if there is no end of them."""
        start = Reading(self.axes, dict(self.starts), literal=self.literal)
        yield from self._from(0, start)

    def _from(self, at: int, reading: Reading) -> Iterator[Reading]:
        while at < len(self._nodes):
            node = self._nodes[at]
            self._left -= 1
            if self._left < 0:
                raise TooMany
            try:
                found = self._alternatives(node, reading)
            except (Inconsistent, Unknown, ValueError) as error:
                self._note(at, f"{called(node)}: {error or 'its shape is not known beforehand'}")
                return
            for other in found[1:]:
                yield from self._from(at + 1, _taken(reading.copy(), node, other))
            _taken(reading, node, found[0])
            at += 1
        if self._fits(reading):
            yield reading

    def _note(self, at: int, problem: str) -> None:
        if at > self.reached:
            self.reached, self.problem = at, problem

    def _alternatives(self, node: ir.Node, reading: Reading) -> list[Alternative]:
        arithmetic = reading.arithmetic()
        if node in self.resized:
            data = reading.shape(node.inputs[0])
            return [Alternative([[*data[:2], symbol("H"), symbol("W")]])]
        rule = rules().get(node.op_type) if not node.domain else None
        try:
            check(node, reading)
        except Inconsistent as error:
            raise Inconsistent(f"{error}{_baked(node, reading)}") from error
        found = rule.alternatives(node, reading, arithmetic) if rule else None
        if found is None:
            found = [Alternative(_shapes(node, reading, arithmetic))]
        if small(node, reading):
            numbers = followed(node, reading, arithmetic)
            if numbers is not None:
                reading.known[node.outputs[0]] = numbers
        reading.least = arithmetic.least
        return found

    def _fits(self, reading: Reading) -> bool:
        """Whether the results are pictures that are as high as heights make them, and as wide as widths make them."""
        try:
            for output in self.graph.outputs:
                _check_result(reading.shape(output), str(output.name), bool(self.resized))
        except Inconsistent as error:
            self._note(len(self._nodes), str(error))
            return False
        return True


def _check_result(shape: Sequence[Length], name: str, resized: bool) -> None:
    if len(shape) != 4:
        return
    allowed = ({"n"}, set[str](), {"h", "H"}, {"w", "W"})
    for length, names_allowed in zip(shape, allowed, strict=True):
        if symbols(length) - names_allowed:
            raise Inconsistent(f"an axis of the result {name!r} would mix batch, channels, height and width")
    if resized and (shape[2], shape[3]) != (symbol("H"), symbol("W")):
        raise Inconsistent(f"the result {name!r} has not the size that the resize of the picture gives")


def _taken(reading: Reading, node: ir.Node, chosen: Alternative) -> Reading:
    for output, shape in zip(node.outputs, chosen.shapes, strict=False):
        reading.shapes[output] = list(shape)
    reading.formulas.update({(node, at): list(f) for at, f in chosen.formulas.items()})
    if chosen.note:
        reading.notes.append(chosen.note)
    return reading


def _shapes(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> list[Shape]:
    known = shape_rules().get(key_of(node))
    if node.op_type == "Shape":
        return [[len(reading.shape(node.inputs[0]))]]
    if known is None:
        raise Inconsistent("pliant does not know how its size follows from that of its input")

    def shape_of(of: ir.Value) -> Shape:
        return reading.shape(of)

    try:
        return cast("list[Shape]", known(node, cast(Any, shape_of), arithmetic))
    except Inconsistent as error:
        raise Inconsistent(f"{error}{_baked(node, reading)}") from error


def _baked(node: ir.Node, reading: Reading) -> str:
    """Which constant operand was made for one size, for a message."""
    for operand in node.inputs:
        stored = array_of(operand)
        if stored is not None and stored.size > 1 and operand is not None:
            others = [reading.shapes[v] for v in node.inputs if v is not None and v in reading.shapes]
            if any(live(n) for shape in others for n in shape):
                return f"; the constant {operand.name!r} of shape {list(stored.shape)} was made for one size"
    return ""


@cache
def rules() -> dict[str, Rule]:
    """The rules by operator, from all files of the family."""
    found = (load(_RULES, name, "RULE", extra="lowering") for name in names(_RULES))
    return {operator: rule for rule in found for operator in rule.operators}
