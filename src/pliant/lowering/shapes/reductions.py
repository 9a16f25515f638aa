"""Operators that reduce axes."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import attribute
from pliant.lowering.lengths import Lengths
from pliant.lowering.shapes.base import Rule, Shape, ShapeOf, numbers, of


def reduce(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Reduced axes become 1 or go."""
    del a
    x = of(shape_of, node.inputs[0])
    axes = {n % len(x) for n in numbers(node, 1, "axes", [])}
    axes = axes or (set[int]() if attribute(node, "noop_with_empty_axes", 0) else set(range(len(x))))
    return [_reduced(x, axes, bool(attribute(node, "keepdims", 1)))]


def arg(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """ArgMax and ArgMin."""
    del a
    x = of(shape_of, node.inputs[0])
    return [_reduced(x, {int(attribute(node, "axis", 0)) % len(x)}, bool(attribute(node, "keepdims", 1)))]


def _reduced(x: Shape, axes: set[int], keep: bool) -> Shape:
    return [1 if k in axes else n for k, n in enumerate(x) if keep or k not in axes]


_REDUCE = ("Max", "Mean", "Min", "Prod", "Sum", "L1", "L2", "LogSum", "LogSumExp", "SumSquare")
RULES: dict[str, Rule] = {
    **dict.fromkeys((f"Reduce{name}" for name in _REDUCE), reduce),
    **dict.fromkeys(("ArgMax", "ArgMin"), arg),
}
