"""Powers with an exponent that is computed beforehand, for engines that take powers of positive numbers only.

x^p is |x|^p, with the sign turned where x is negative and p is odd. Where x is negative and p is no whole number,
PyTorch gives NaN and this gives |x|^p.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder
from pliant.lowering.dialect import Dialect
from pliant.lowering.prologue import known_beforehand

FLOAT = int(ir.DataType.FLOAT)


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """Of float32 numbers, with an exponent that no picture decides and that is not looked through twice."""
    x, exponent = node.inputs
    assert isinstance(node.graph, ir.Graph)
    if not known_beforehand(node.graph, exponent):
        return "has an exponent that depends on the picture"
    if x is None or x.dtype != ir.DataType.FLOAT:
        return "is no power of float32 numbers"
    made = x.producer()
    del dialect
    return "is a power of positive numbers already" if made is not None and made.op_type == "Abs" else None


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """|x|^p * (1 - 2 * odd * negative)."""
    x, exponent = node.inputs
    real = build("Cast", exponent, to=FLOAT)
    rest = build("Abs", build("Mod", real, build.constant(2.0), fmod=1))
    odd = build("Cast", build("Equal", rest, build.constant(1.0)), to=FLOAT)
    negative = build("Cast", build("Less", x, build.constant(0.0)), to=FLOAT)
    sign = build("Sub", build.constant(1.0), build("Mul", negative, build("Mul", odd, build.constant(2.0))))
    return [build("Mul", build("Pow", build("Abs", x), real), sign)]


RULE = Rule(("Pow",), "The engine takes powers of positive numbers only.", rewrite, check)
