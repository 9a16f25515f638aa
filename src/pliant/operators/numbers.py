"""Arithmetic on live numbers, in the precision Python has.

`h * factor` in a model's source is a product of Python numbers: an integer and a double. The exporter's own
translation makes live floats float32, so that 10 * 1.3 can become 12. Here every float is computed in double;
beside it a float32 copy is handed to operators of tensors, which expect that type.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from onnxscript import ir

from pliant.operators._numbers import BOOL, DOUBLE, FLOAT, INT64, constant, double, exact, number
from pliant.operators._onnx import op
from pliant.operators.base import Operator, Sample, live


def arithmetic(body: Callable[..., Any]) -> Callable[..., Any]:
    """A translation of `body`, which computes on integers if all arguments are, and on doubles otherwise."""

    def translation(*args: Any) -> Any:
        found = [exact(a) for a in args]
        if not any(is_double for _, is_double in found):
            return body(*(value for value, _ in found))
        return number(body(*(value if is_double else op.Cast(value, to=DOUBLE) for value, is_double in found)))

    return translation


def comparison(body: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A translation of a comparison: bool from two integers or two doubles."""

    def translation(a: Any, b: Any) -> Any:
        (x, x_double), (y, y_double) = exact(a), exact(b)
        return body(double(a), double(b)) if x_double or y_double else body(x, y)

    return translation


def divisor(value: Any) -> Any:
    """An integer divisor, 1 where it is 0: dividing by it would end the process, also where the result is unused."""
    found = as_integer(value)
    if isinstance(value, int) and value:
        return found
    return op.Where(op.Equal(found, constant(0, INT64)), constant(1, INT64), found)


def floored(a: Any, b: Any) -> Any:
    """`a // b` of integers, towards minus infinity as in Python: ONNX's Div goes towards zero."""
    return op.Div(op.Sub(a, op.Mod(a, b)), b)


def as_integer(value: Any) -> Any:
    """A number that is an integer or a bool as int64."""
    found, _ = exact(value)
    return op.Cast(found, to=INT64) if found.dtype == BOOL else found


def floor_divide(a: Any, b: Any) -> Any:
    """`a // b`."""
    if exact(a)[1] or exact(b)[1]:
        return number(float_floor(double(a), double(b)))
    return floored(as_integer(a), divisor(b))


def float_floor(x: Any, y: Any) -> Any:
    """`x // y` of doubles: from the exact rest, as Python does, for 1 // 0.1 is 9."""
    quotient = op.Div(op.Sub(x, float_modulo(x, y)), y)
    below = op.Floor(quotient)
    short = op.Greater(op.Sub(quotient, below), constant(0.5, DOUBLE))
    return op.Where(short, op.Add(below, constant(1.0, DOUBLE)), below)


def modulo(a: Any, b: Any) -> Any:
    """`a % b`, with the sign of `b` as in Python."""
    if exact(a)[1] or exact(b)[1]:
        return number(float_modulo(double(a), double(b)))
    return op.Mod(as_integer(a), divisor(b))


def float_modulo(x: Any, y: Any) -> Any:
    """`x % y` of doubles, with the sign of y."""
    rest, zero = op.Mod(x, y, fmod=1), constant(0.0, DOUBLE)
    other_sign = op.And(op.Xor(op.Less(rest, zero), op.Less(y, zero)), op.Not(op.Equal(rest, zero)))
    return op.Where(other_sign, op.Add(rest, y), rest)


def divide(a: Any, b: Any) -> Any:
    """`a / b`: a double, also of two integers."""
    return number(op.Div(double(a), double(b)))


def rounded(body: Callable[[Any], Any]) -> Callable[..., Any]:
    """A translation of a rounding from float to integer."""

    def translation(value: Any) -> Any:
        found, is_double = exact(value)
        return op.Cast(body(found), to=INT64) if is_double else found

    return translation


def item(value: Any) -> Any:
    """`tensor.item()` of one element."""
    scalar = op.Reshape(value, op.Constant(value=ir.tensor([], dtype=INT64)))
    if value.dtype == BOOL:
        return scalar
    if value.dtype in (FLOAT, DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16):
        return number(op.Cast(scalar, to=DOUBLE))
    return op.Cast(scalar, to=INT64)


def scalar_tensor(value: Any, dtype: int = FLOAT, **ignored: Any) -> Any:
    """A number as a 0-d tensor of `dtype`, without a detour through float32. Layout and device do not matter."""
    del ignored
    return op.Cast(exact(value)[0], to=FLOAT if dtype in (None, -1) else dtype)


def choose(condition: Any, a: Any, b: Any) -> Any:
    """`a if condition else b` of numbers."""

    def where(x: Any, y: Any) -> Any:
        return op.Where(condition, x, y)

    return arithmetic(where)(a, b)


def differ(a: Any, b: Any) -> Any:
    """`a != b`."""
    return op.Not(op.Equal(a, b))


def same(value: Any) -> Any:
    """Nothing: a cast to an integer cuts towards zero by itself."""
    return value


def to_float(value: Any) -> Any:
    """`float(value)`."""
    return number(double(value))


def square_root(value: Any) -> Any:
    """`math.sqrt(value)`."""
    return number(op.Sqrt(double(value)))


def bitwise(body: Callable[[Any, Any], Any], logical: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A translation of `body` on integers, which is `logical` on two bools."""

    def translation(a: Any, b: Any) -> Any:
        (x, _), (y, _) = exact(a), exact(b)
        if x.dtype == BOOL and y.dtype == BOOL:
            return logical(x, y)
        return body(as_integer(a), as_integer(b))

    return translation


def power_of_two(exponent: Any) -> Any:
    """2 to the power of an integer, int64."""
    return op.Pow(constant(2, INT64), as_integer(exponent))


def shift_left(a: Any, b: Any) -> Any:
    """`a << b`. ONNX shifts only unsigned integers."""
    return op.Mul(as_integer(a), power_of_two(b))


def shift_right(a: Any, b: Any) -> Any:
    """`a >> b`, towards minus infinity."""
    return floored(as_integer(a), power_of_two(b))


def total(values: Any) -> Any:
    """The sum of a list of numbers."""
    return reduce(arithmetic(op.Add), values)


def power(a: Any, b: Any) -> Any:
    """`a ** b`: an integer for two integers whose exponent is not negative, which tracing makes sure of."""
    if exact(a)[1] or exact(b)[1]:
        return number(op.Pow(double(a), double(b)))
    return op.Pow(as_integer(a), as_integer(b))


WHOLE: tuple[Sample, ...] = ((live(7), live(-3)), (live(-7), 3), (7, live(3)))
MIXED: tuple[Sample, ...] = (*WHOLE, (live(-7.5), live(2)), (live(5), 0.7))
PLACES: tuple[Sample, ...] = ((live(2.5),), (live(-3.5),), (live(10 * 1.3),))
SINGLE: tuple[Sample, ...] = ((live(-7),), (live(2.5),))

OPERATOR = Operator(
    translations={
        operator.add: arithmetic(op.Add),
        operator.sub: arithmetic(op.Sub),
        operator.mul: arithmetic(op.Mul),
        operator.neg: arithmetic(op.Neg),
        operator.abs: arithmetic(op.Abs),
        abs: arithmetic(op.Abs),
        operator.pos: same,
        operator.pow: power,
        pow: power,
        operator.and_: bitwise(op.BitwiseAnd, op.And),
        operator.or_: bitwise(op.BitwiseOr, op.Or),
        operator.xor: bitwise(op.BitwiseXor, op.Xor),
        operator.lshift: shift_left,
        operator.rshift: shift_right,
        operator.truediv: divide,
        operator.floordiv: floor_divide,
        operator.mod: modulo,
        operator.lt: comparison(op.Less),
        operator.le: comparison(op.LessOrEqual),
        operator.gt: comparison(op.Greater),
        operator.ge: comparison(op.GreaterOrEqual),
        operator.eq: comparison(op.Equal),
        operator.ne: comparison(differ),
        math.trunc: rounded(same),
        math.floor: rounded(op.Floor),
        math.ceil: rounded(op.Ceil),
        torch.sym_int: rounded(same),
        torch.sym_float: to_float,
        torch.sym_max: arithmetic(op.Max),
        torch.sym_min: arithmetic(op.Min),
        torch.sym_ite: choose,
        torch.sym_not: op.Not,
        torch.sym_sum: total,
        vars(torch)["_sym_sqrt"]: square_root,
        torch.ops.aten._local_scalar_dense.default: item,
        torch.ops.aten.item.default: item,
        torch.ops.aten.scalar_tensor.default: scalar_tensor,
    },
    samples={
        **dict.fromkeys((operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv), MIXED),
        **dict.fromkeys((operator.mod, torch.sym_max, torch.sym_min), MIXED),
        **dict.fromkeys((operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne), MIXED),
        **dict.fromkeys((operator.neg, operator.abs, abs, torch.sym_float), SINGLE),
        **dict.fromkeys((operator.pow, pow), ((live(3), 2), (live(2.5), live(3)), (live(2.0), 0.5))),
        **dict.fromkeys((math.trunc, math.floor, math.ceil, round, torch.sym_int), PLACES),
        vars(torch)["_sym_sqrt"]: ((live(2.0),), (live(9),)),
        torch.ops.aten._local_scalar_dense.default: ((torch.tensor(0.1),), (torch.tensor([3]),)),
        torch.ops.aten.scalar_tensor.default: ((live(16777217),), (live(0.1),)),
    },
)
