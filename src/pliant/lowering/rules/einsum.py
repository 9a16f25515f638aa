"""Einsum of two operands, as a product of matrices."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, attribute
from pliant.lowering.dialect import Dialect


def _terms(node: ir.Node) -> tuple[list[str], str]:
    left, _, right = str(attribute(node, "equation")).replace(" ", "").partition("->")
    return left.split(","), right


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """Two operands; every letter once in each of them, and in the result or in both operands."""
    del dialect
    terms, result = _terms(node)
    if len(terms) != 2 or not result or "." in "".join([*terms, result]):
        return "has not two operands with all axes named"
    if any(len(set(term)) < len(term) for term in [*terms, result]):
        return "takes a diagonal"
    if any(letter not in result and not all(letter in term for term in terms) for letter in "".join(terms)):
        return "sums over an axis of one operand"
    return None


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """Stacks of matrices, [stack][rows][summed] and [stack][summed][columns]."""
    (first, second), result = _terms(node)
    x, y = node.inputs
    stack = [k for k in result if k in first and k in second]
    summed = [k for k in first if k not in result]
    rows, columns = (
        [k for k in result if k in first and k not in stack],
        [k for k in result if k in second and k not in stack],
    )
    left = _matrix(build, x, first, [stack, rows, summed])
    right = _matrix(build, y, second, [stack, summed, columns])
    product = build("MatMul", left, right)
    if len(rows) != 1 or len(columns) != 1:
        lengths = [_length(build, node, letter) for letter in (*stack, *rows, *columns)]
        product = build(
            "Reshape", product, build("Concat", *lengths, axis=0) if lengths else build.constant([], "int64")
        )
    order = [*stack, *rows, *columns]
    return [_ordered(build, product, order, list(result))]


def _length(build: Builder, node: ir.Node, letter: str) -> ir.Value:
    """Of the axis that a letter stands for, [1]."""
    terms, _ = _terms(node)
    k = next(k for k, term in enumerate(terms) if letter in term)
    at = terms[k].index(letter)
    return build("Shape", node.inputs[k], start=at, end=at + 1)


def _ordered(build: Builder, value: ir.Value | None, now: list[str], wanted: list[str]) -> ir.Value:
    assert value is not None
    return value if now == wanted else build("Transpose", value, perm=[now.index(k) for k in wanted])


def _matrix(build: Builder, value: ir.Value | None, term: str, parts: list[list[str]]) -> ir.Value:
    """The axes in the order of `parts`; the last two parts are merged to one axis each."""
    ordered = _ordered(build, value, list(term), [k for part in parts for k in part])
    if all(len(part) == 1 for part in parts[1:]):
        return ordered
    lengths: list[ir.Value] = []
    for letter in parts[0]:
        at = term.index(letter)
        lengths.append(build("Shape", value, start=at, end=at + 1))
    for part in parts[1:]:
        axes = [build("Shape", value, start=term.index(k), end=term.index(k) + 1) for k in part]
        total = build.constant([1])
        for axis in axes:
            total = build("Mul", total, axis)
        lengths.append(total)
    return build("Reshape", ordered, build("Concat", *lengths, axis=0))


RULE = Rule(("Einsum",), "The engine multiplies matrices only.", rewrite, check)
