"""What a shape rule is: from the shapes of the operands of a node to those of its results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import onnx_ir as ir

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.lengths import Length, Lengths

Shape: TypeAlias = list[Length]
ShapeOf: TypeAlias = Callable[[ir.Value], Shape | None]
Rule: TypeAlias = Callable[[ir.Node, ShapeOf, Lengths], list[Shape]]
"""Takes a node, a function that gives the shape of an operand, and arithmetic; gives the shapes of the outputs.

May raise Unknown.
"""


class Unknown(Exception):  # noqa: N818 - no error: the shape is left to the engine
    """A shape is not known beforehand."""


def of(shape_of: ShapeOf, value: ir.Value | None) -> Shape:
    """The shape of an operand. Raises Unknown."""
    shape = shape_of(value) if value is not None else None
    if shape is None:
        raise Unknown
    return shape


def operand(node: ir.Node, at: int) -> ir.Value:
    """An operand that has to be there. Raises Unknown where it is left out."""
    value = node.inputs[at] if len(node.inputs) > at else None
    if value is None:
        raise Unknown
    return value


def numbers(node: ir.Node, at: int, name: str, default: Sequence[int] | None = None) -> list[int]:
    """Whole numbers given by the constant operand `at`, or by the attribute `name` as in older opsets.

    Raises Unknown if there are neither of them nor a default, or the operand is computed.
    """
    value = node.inputs[at] if len(node.inputs) > at else None
    if value is None:
        found = attribute(node, name, default)
        if found is None:
            raise Unknown
        return [int(n) for n in found]
    known = array_of(value)
    if known is None:
        raise Unknown
    return [int(n) for n in known.reshape(-1)]


def vector(node: ir.Node, at: int, shape_of: ShapeOf, a: Lengths) -> list[Length]:
    """The elements of a vector operand whose number of elements is known. Raises Unknown if it is not."""
    value = operand(node, at)
    (count,) = of(shape_of, value)
    if not isinstance(count, int):
        raise Unknown
    return a.elements(value, count)


def together(shapes: list[Shape], a: Lengths) -> Shape:
    """The shape of operands that meet axis by axis, counted from the last."""
    rank = max(len(s) for s in shapes)
    padded: list[Shape] = [[*([1] * (rank - len(s))), *s] for s in shapes]
    result = padded[0]
    for other in padded[1:]:
        result = [a.broadcast(m, n) for m, n in zip(result, other, strict=True)]
    return result
