"""Products of matrices."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import attribute
from pliant.lowering.lengths import Length, Lengths
from pliant.lowering.shapes.base import Rule, Shape, ShapeOf, Unknown, of, together


def matmul(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """MatMul of matrices, stacks of them, and vectors."""
    x, y = (of(shape_of, value) for value in node.inputs)
    if len(x) == 1:
        return [[*y[:-2], *(y[-1:] if len(y) > 1 else [])]]
    if len(y) == 1:
        return [x[:-1]]
    stack = together([x[:-2], y[:-2]], a) if len(x) > 2 or len(y) > 2 else []
    return [[*stack, x[-2], y[-1]]]


def gemm(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Gemm, with either operand transposed."""
    del a
    x, y = of(shape_of, node.inputs[0]), of(shape_of, node.inputs[1])
    return [[x[1 if attribute(node, "transA", 0) else 0], y[0 if attribute(node, "transB", 0) else 1]]]


def einsum(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """The lengths that the letters stand for."""
    terms, arrow, result = str(attribute(node, "equation")).replace(" ", "").partition("->")
    if "." in terms or not arrow:
        raise Unknown
    found: dict[str, Length] = {}
    for term, value in zip(terms.split(","), node.inputs, strict=True):
        for letter, length in zip(term, of(shape_of, value), strict=True):
            found[letter] = a.broadcast(found[letter], length) if letter in found else length
    return [[found[letter] for letter in result]]


RULES: dict[str, Rule] = {"Einsum": einsum, "Gemm": gemm, "MatMul": matmul}
