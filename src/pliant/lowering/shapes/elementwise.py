"""Operators that keep the shape of an operand, or of several that meet axis by axis."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.lengths import Lengths
from pliant.lowering.shapes.base import Rule, Shape, ShapeOf, of, together


def same(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """The first operand's."""
    del a
    return [of(shape_of, node.inputs[0])]


def broadcast(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Of operands that meet axis by axis."""
    return [together([of(shape_of, value) for value in node.inputs], a)]


# ruff: noqa: SIM905 - long lists of names are easier to read as text
_SAME = """
    Abs Acos Acosh Asin Asinh Atan Atanh BatchNormalization Cast CastLike Ceil Celu Clip Cos Cosh CumSum
    DequantizeLinear Dropout Elu Erf Exp Floor Gelu GroupNormalization HardSigmoid HardSwish Hardmax Identity
    InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu Log LogSoftmax LpNormalization
    MeanVarianceNormalization Mish Neg Not PRelu QuantizeLinear Reciprocal Relu ReverseSequence Round ScatterElements
    ScatterND Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu
""".split()
_BROADCAST = """
    Add And BitShift Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow Sub Sum Where Xor
""".split()
RULES: dict[str, Rule] = {**dict.fromkeys(_SAME, same), **dict.fromkeys(_BROADCAST, broadcast)}
