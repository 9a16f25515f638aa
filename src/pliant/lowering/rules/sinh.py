"""The hyperbolic sine as exponentials, with a polynomial near 0 where their difference would lose digits."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """(exp(x) - exp(-x)) / 2, and below 1/2 its series x + x^3/6 + x^5/120 + x^7/5040 (next term: 5e-9 of x)."""
    (x,) = node.inputs
    half = build.constant(0.5)
    large = build("Mul", build("Sub", build("Exp", x), build("Exp", build("Neg", x))), half)
    square, factor = build("Mul", x, x), build.constant(1 / 5040)
    for coefficient in (1 / 120, 1 / 6, 1.0):
        factor = build("Add", build("Mul", factor, square), build.constant(coefficient))
    return [build("Where", build("Less", build("Abs", x), half), build("Mul", x, factor), large)]


RULE = Rule(("Sinh",), "ncnn has no hyperbolic functions but Tanh.", rewrite)
