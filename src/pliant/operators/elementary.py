"""Python's `math` functions of numbers known only at run time, in double precision.

ONNX Runtime has sine, cosine, exponential, logarithm, root and power in double; everything else is made from them.
Results agree with `math` to a few units in the last place, and are exact where sizes depend on it: a logarithm to
base 2 or 10 of an exact power, and decimal rounding.

Sources: identities in Abramowitz & Stegun, Handbook of Mathematical Functions (1964), chapter 4; Kahan's form of
log1p; Veltkamp's and Dekker's exact product (Dekker, Numer. Math. 18, 1971).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from pliant.operators._numbers import DOUBLE, FLOAT, INT64, constant, exact, number
from pliant.operators._onnx import op
from pliant.operators.base import Operator

SPLITTER = 2.0**27 + 1  # cuts a double into two halves of 26 bits, whose products are exact
EXACT_POWERS = 22  # 10**22 is the largest power of ten that is a double
LARGEST_STEPS = 92  # of Euclid's algorithm for int64


def real(value: float) -> Any:
    """A 0-d double constant."""
    return constant(value, DOUBLE)


def negative(x: Any) -> Any:
    """Whether the sign bit is set, also of minus zero."""
    return op.Or(op.Less(x, real(0.0)), op.And(op.Equal(x, real(0.0)), op.Less(op.Reciprocal(x), real(0.0))))


def exp2(x: Any) -> Any:
    """2 to the power of x."""
    return op.Pow(real(2.0), x)


def expm1(x: Any) -> Any:
    """exp(x) - 1, by its series where the difference would lose digits."""
    series = op.Mul(x, op.Add(real(1.0), op.Mul(x, op.Add(real(0.5), op.Mul(x, real(1 / 6))))))
    return op.Where(op.Less(op.Abs(x), real(1e-4)), series, op.Sub(op.Exp(x), real(1.0)))


def log1p(x: Any) -> Any:
    """log(1 + x): Kahan's log(u) x / (u - 1) with u = 1 + x."""
    u = op.Add(real(1.0), x)
    tiny = op.Equal(u, real(1.0))
    rest = op.Where(tiny, real(1.0), op.Sub(u, real(1.0)))
    found = op.Div(op.Mul(op.Log(u), x), rest)
    return op.Where(op.Or(tiny, op.IsInf(u)), x, found)


def logarithm(base: float) -> Callable[[Any], Any]:
    """log(x) / log(base), exact where x is a whole power of `base`."""

    def body(x: Any) -> Any:
        found = op.Div(op.Log(x), real(math.log(base)))
        whole = op.Round(found)
        return op.Where(op.Equal(op.Pow(real(base), whole), x), whole, found)

    return body


def cbrt(x: Any) -> Any:
    """The real cube root: a power and one step of Newton's, so that cubes have whole roots."""
    size = op.Abs(x)
    root = op.Pow(size, real(1 / 3))
    square = op.Mul(root, root)
    usable = op.And(op.Greater(square, real(0.0)), op.Not(op.IsInf(square)))
    step = op.Div(op.Sub(op.Mul(square, root), size), op.Mul(real(3.0), op.Where(usable, square, real(1.0))))
    refined = op.Where(usable, op.Sub(root, step), root)
    return op.Where(op.Less(x, real(0.0)), op.Neg(refined), refined)


def hypot(*sides: Any) -> Any:
    """The length of a vector."""
    total = op.Mul(sides[0], sides[0])
    for side in sides[1:]:
        total = op.Add(total, op.Mul(side, side))
    return op.Sqrt(total)


def tan(x: Any) -> Any:
    """sin / cos."""
    return op.Div(op.Sin(x), op.Cos(x))


def atan(x: Any) -> Any:
    """float32's arc tangent a, then a + tan(atan(x) - a), whose error is the cube of float32's."""
    a = op.Cast(op.Atan(op.Cast(x, to=FLOAT)), to=DOUBLE)
    finite = op.Where(op.IsInf(x), real(0.0), x)
    sine, cosine = op.Sin(a), op.Cos(a)
    rest = op.Div(op.Sub(op.Mul(finite, cosine), sine), op.Add(cosine, op.Mul(finite, sine)))
    limit = op.Where(op.Less(x, real(0.0)), real(-math.pi / 2), real(math.pi / 2))
    return op.Where(op.IsInf(x), limit, op.Add(a, rest))


def atan2(y: Any, x: Any) -> Any:
    """The angle of the point (x, y), in (-pi, pi]; minus zero counts as below the axis."""
    at_zero = op.Equal(x, real(0.0))
    angle = atan(op.Div(y, op.Where(at_zero, real(1.0), x)))
    turn = op.Where(negative(y), real(-math.pi), real(math.pi))
    beside = op.Where(op.Equal(y, real(0.0)), y, op.Div(turn, real(2.0)))
    left = op.Less(x, real(0.0))
    return op.Where(at_zero, beside, op.Where(left, op.Add(angle, turn), angle))


def asin(x: Any) -> Any:
    """The angle whose sine is x."""
    return atan2(x, op.Sqrt(op.Mul(op.Sub(real(1.0), x), op.Add(real(1.0), x))))


def acos(x: Any) -> Any:
    """The angle whose cosine is x."""
    return atan2(op.Sqrt(op.Mul(op.Sub(real(1.0), x), op.Add(real(1.0), x))), x)


def sinh(x: Any) -> Any:
    """(u + u / (u + 1)) / 2 with u = exp(x) - 1, which keeps its digits near zero."""
    size = op.Abs(x)
    u = expm1(size)
    found = op.Mul(real(0.5), op.Add(u, op.Div(u, op.Add(u, real(1.0)))))
    found = op.Where(op.IsInf(u), u, found)
    return op.Where(op.Less(x, real(0.0)), op.Neg(found), found)


def cosh(x: Any) -> Any:
    """(exp(x) + exp(-x)) / 2."""
    return op.Mul(real(0.5), op.Add(op.Exp(x), op.Exp(op.Neg(x))))


def asinh(x: Any) -> Any:
    """sign(x) log1p(a + a^2 / (1 + sqrt(1 + a^2))) with a = |x|."""
    a = op.Abs(x)
    square = op.Mul(a, a)
    found = log1p(op.Add(a, op.Div(square, op.Add(real(1.0), op.Sqrt(op.Add(real(1.0), square))))))
    return op.Where(op.Less(x, real(0.0)), op.Neg(found), found)


def acosh(x: Any) -> Any:
    """log(x + sqrt(x - 1) sqrt(x + 1))."""
    return op.Log(op.Add(x, op.Mul(op.Sqrt(op.Sub(x, real(1.0))), op.Sqrt(op.Add(x, real(1.0))))))


def atanh(x: Any) -> Any:
    """log1p(2 x / (1 - x)) / 2."""
    return op.Mul(real(0.5), log1p(op.Div(op.Mul(real(2.0), x), op.Sub(real(1.0), x))))


def copysign(x: Any, y: Any) -> Any:
    """|x| with the sign of y."""
    return op.Where(negative(y), op.Neg(op.Abs(x)), op.Abs(x))


def remainder(x: Any, y: Any) -> Any:
    """x minus the nearest multiple of y, the even one of two."""
    return op.Sub(x, op.Mul(y, op.Round(op.Div(x, y))))


def fmod(x: Any, y: Any) -> Any:
    """The rest of division towards zero, with the sign of x."""
    return op.Mod(x, y, fmod=1)


def erf(x: Any) -> Any:
    """The error function, in float32: no double form is common."""
    return op.Cast(op.Erf(op.Cast(x, to=FLOAT)), to=DOUBLE)


def truth(condition: Any) -> Any:
    """A bool as 1.0 or 0.0."""
    return op.Cast(condition, to=DOUBLE)


def is_nan(x: Any) -> Any:
    """1.0 if x is no number."""
    return truth(op.IsNaN(x))


def is_inf(x: Any) -> Any:
    """1.0 if x is infinite."""
    return truth(op.IsInf(x))


BODIES: dict[str, Callable[..., Any]] = {
    "acos": acos,
    "acosh": acosh,
    "asin": asin,
    "asinh": asinh,
    "atan": atan,
    "atan2": atan2,
    "atanh": atanh,
    "cbrt": cbrt,
    "copysign": copysign,
    "cos": op.Cos,
    "cosh": cosh,
    "erf": erf,
    "exp": op.Exp,
    "exp2": exp2,
    "expm1": expm1,
    "fmod": fmod,
    "hypot": hypot,
    "isinf": is_inf,
    "isnan": is_nan,
    "log": op.Log,
    "log10": logarithm(10.0),
    "log1p": log1p,
    "log2": logarithm(2.0),
    "remainder": remainder,
    "sin": op.Sin,
    "sinh": sinh,
    "tan": tan,
    "tanh": op.Tanh,
}


@torch.library.custom_op("pliant::elementary", mutates_args=())
def elementary(values: Sequence[Tensor], name: str) -> Tensor:
    """`math.<name>` of 0-d float64 tensors, as one. A bool result is 1.0 or 0.0.

    Raises what Python raises outside the function's domain.
    """
    return torch.tensor(float(getattr(math, name)(*(v.item() for v in values))), dtype=torch.float64)


@elementary.register_fake
def _(values: Sequence[Tensor], name: str) -> Tensor:
    del name
    return values[0].new_empty(())


def translate(values: Sequence[Any], name: str) -> Any:
    """The operator in ONNX."""
    return BODIES[name](*values)


@torch.library.custom_op("pliant::greatest_common_divisor", mutates_args=())
def greatest_common_divisor(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """`math.gcd` of two 0-d int64 tensors. `steps` is how often Euclid's algorithm divides at most."""
    del steps
    return torch.tensor(math.gcd(int(a.item()), int(b.item())))


@greatest_common_divisor.register_fake
def _(a: Tensor, b: Tensor, steps: int) -> Tensor:
    del b, steps
    return a.new_empty(())


def euclid(a: Any, b: Any, steps: int) -> Any:
    """The greatest common divisor in ONNX, unrolled."""
    one, zero = constant(1, INT64), constant(0, INT64)
    a, b = op.Abs(a), op.Abs(b)
    for _ in range(steps):
        done = op.Equal(b, zero)
        rest = op.Where(done, zero, op.Mod(a, op.Where(done, one, b)))
        a, b = op.Where(done, a, b), rest
    return a


def euclid_steps(bound: int | None) -> int:
    """How many divisions are enough if one of the numbers is at most `bound` (Lamé 1844); None: any int64."""
    return LARGEST_STEPS if bound is None else min(LARGEST_STEPS, math.ceil(4.785 * math.log10(max(bound, 1))) + 3)


def halves(x: Any) -> tuple[Any, Any]:
    """A double as the sum of two with 26 bits each."""
    large = op.Mul(x, real(SPLITTER))
    high = op.Sub(large, op.Sub(large, x))
    return high, op.Sub(x, high)


def product_error(x: Any, y: float, product: Any) -> Any:
    """What rounding took from x * y, exactly."""
    (a, b), (c, d) = halves(x), halves(real(y))
    partial = op.Sub(op.Mul(a, c), product)
    return op.Add(op.Add(op.Add(partial, op.Mul(a, d)), op.Mul(b, c)), op.Mul(b, d))


def round_decimal(x: Any, digits: int) -> Any:
    """`round(x, digits)` of a 0-d double for 0 <= digits: the decimal nearest to x itself, the even one of two.

    x 10^digits is known exactly as a product and its error, and only a product that ends in .5 needs the error.
    """
    power = 10.0**digits
    product = op.Mul(x, real(power))
    below = op.Floor(product)
    error = product_error(x, power, product)
    undecided = op.Equal(op.Sub(product, below), real(0.5))
    up = op.Where(op.Greater(error, real(0.0)), op.Add(below, real(1.0)), below)
    whole = op.Where(op.And(undecided, op.Not(op.Equal(error, real(0.0)))), up, op.Round(product))
    unchanged = op.Or(op.Greater(op.Abs(product), real(2.0**52)), op.IsNaN(product))
    return op.Where(unchanged, x, op.Div(whole, real(power)))


def round_tens(x: Any, digits: int) -> Any:
    """`round(x, digits)` of a 0-d double for digits < 0."""
    power = real(10.0**-digits)
    below = op.Floor(op.Div(x, power))
    rest = op.Mul(op.Sub(x, op.Mul(below, power)), real(2.0))
    odd = op.Equal(op.Mod(below, real(2.0), fmod=1), real(0.0))
    up = op.Or(op.Greater(rest, power), op.And(op.Equal(rest, power), op.Not(odd)))
    return op.Mul(op.Where(up, op.Add(below, real(1.0)), below), power)


def rounded(value: Any, digits: Any = None) -> Any:
    """`round(value, digits)`: an int without digits, else of the value's own type, half to even."""
    found, is_double = exact(value)
    if digits is None:
        return op.Cast(op.Round(found), to=INT64) if is_double else found
    if not isinstance(digits, int):
        raise ValueError("round(x, digits) with digits known only at run time has no ONNX form; fix the digits")
    if abs(digits) > EXACT_POWERS or not is_double:
        if is_double or digits < 0:
            raise ValueError(f"round(x, {digits}) of a live value has no exact ONNX form; use fewer digits")
        return found
    return number(round_decimal(found, digits) if digits >= 0 else round_tens(found, digits))


OPERATOR = Operator(
    translations={
        torch.ops.pliant.elementary.default: translate,
        torch.ops.pliant.greatest_common_divisor.default: euclid,
        round: rounded,
    }
)
