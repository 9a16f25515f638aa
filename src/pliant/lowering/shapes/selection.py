"""Operators that take out a part."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import attribute
from pliant.lowering.lengths import Length, Lengths
from pliant.lowering.shapes.base import Rule, Shape, ShapeOf, Unknown, numbers, of, operand, vector

TO_THE_END = 2**31 - 1  # exporters write this or more for "to the end"


def cut(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Slice with steps that are known."""
    x = list(of(shape_of, node.inputs[0]))
    starts, ends = vector(node, 1, shape_of, a), vector(node, 2, shape_of, a)
    axes = numbers(node, 3, "axes", range(len(starts)))
    steps = numbers(node, 4, "steps", [1] * len(starts))
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        x[axis % len(x)] = _length(x[axis % len(x)], start, end, step, a)
    return [x]


def _length(length: Length, start: Length, end: Length, step: int, a: Lengths) -> Length:
    if step == 1 and isinstance(start, int) and start == 0 and isinstance(end, int) and end >= TO_THE_END:
        return length
    low, high = (-1, a.sub(length, 1)) if step < 0 else (0, length)

    def inside(at: Length) -> Length:
        moved = a.where(at, "Less", 0, a.add(at, length), at)
        return a.smaller(a.larger(moved, low), high)

    first, last = inside(start), inside(end)
    distance = a.sub(last, first) if step > 0 else a.sub(first, last)
    return a.larger(a.ceil(distance, abs(step)), 0)


def gather(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """The axis is replaced by the axes of the positions."""
    del a
    x, at = of(shape_of, node.inputs[0]), of(shape_of, node.inputs[1])
    axis = int(attribute(node, "axis", 0)) % len(x)
    return [[*x[:axis], *at, *x[axis + 1 :]]]


def gather_elements(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """That of the positions."""
    del a
    return [of(shape_of, node.inputs[1])]


def gather_nd(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """The axes of the positions but the last, then the axes of the data that a position leaves open."""
    del a
    x, at = of(shape_of, node.inputs[0]), of(shape_of, node.inputs[1])
    depth = at[-1]
    if not isinstance(depth, int):
        raise Unknown
    return [[*at[:-1], *x[int(attribute(node, "batch_dims", 0)) + depth :]]]


def top(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """TopK: k along the axis."""
    x = list(of(shape_of, node.inputs[0]))
    (x[int(attribute(node, "axis", -1)) % len(x)],) = a.elements(operand(node, 1), 1)
    return [x, x]


RULES: dict[str, Rule] = {
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Slice": cut,
    "TopK": top,
}
