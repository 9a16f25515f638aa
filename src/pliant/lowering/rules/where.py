"""A choice between two values element by element, as a sum of products with ones and zeros.

Exact for finite numbers. What is chosen beforehand may be infinite, as in masks of attention.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, array_of
from pliant.lowering.dialect import Dialect
from pliant.lowering.prologue import known_beforehand

FLOAT = int(ir.DataType.FLOAT)


def _finite(value: ir.Value | None) -> bool:
    array = array_of(value)
    return array is None or bool((abs(array) < float("inf")).all())


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """Of float32 elements; infinite constants only where the choice is known beforehand."""
    del dialect
    assert isinstance(node.graph, ir.Graph)
    if node.outputs[0].dtype != ir.DataType.FLOAT:
        return "is not of float32 elements"
    decided = known_beforehand(node.graph, node.inputs[0])
    if not decided and not all(_finite(v) for v in node.inputs[1:]):
        return "chooses infinite numbers by the content of a picture"
    return None


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """yes * condition + no * (1 - condition)."""
    condition, yes, no = node.inputs
    assert isinstance(node.graph, ir.Graph)
    assert condition is not None
    decided, zero = known_beforehand(node.graph, condition), build.constant(0.0)
    chosen, rest = build("Cast", condition, to=FLOAT), build("Cast", build("Not", condition), to=FLOAT)

    def part(value: ir.Value | None, *, first: bool) -> ir.Value:
        if decided and known_beforehand(build.graph, value):
            return build("Where", condition, value, zero) if first else build("Where", condition, zero, value)
        return build("Mul", value, chosen if first else rest)

    return [build("Add", part(yes, first=True), part(no, first=False))]


RULE = Rule(("Where",), "The engine chooses no elements by a condition.", rewrite, check)
