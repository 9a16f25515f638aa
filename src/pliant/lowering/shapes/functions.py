"""Functions of pliant that an engine, or a rule for it, takes whole."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.lengths import Lengths
from pliant.lowering.shapes.base import Rule, Shape, ShapeOf, Unknown, of, vector


def resize(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Batch and channels of the first operand, then the lengths in the third."""
    x, size = of(shape_of, node.inputs[0]), vector(node, 2, shape_of, a)
    if len(x) != 2 + len(size):
        raise Unknown
    return [[*x[:2], *size]]


RULES: dict[str, Rule] = {"pliant::resize_*": resize}
