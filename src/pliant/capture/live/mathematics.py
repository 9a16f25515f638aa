"""Functions of `math` on a value that is known only at run time; `REPLACEMENTS` lists them all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

import torch
from torch import SymFloat, SymInt

from pliant.capture.live.choices import example_of, is_live, set_example
from pliant.capture.live.numbers import any_live, choose, larger, number, to_float
from pliant.capture.live.symbols import once, scalar
from pliant.operators.elementary import BODIES, elementary, euclid_steps, greatest_common_divisor


def applied(name: str, *values: Any) -> Any:
    """`math.<name>` of numbers of which one is live."""

    def make() -> Any:
        result = elementary([scalar(v) for v in values], name).item()
        examples = [example_of(v) for v in values]
        original = getattr(math, name, None)
        if original is None or None in examples:
            return result
        return set_example(result, original(*examples))

    return once((name, *values), make)


def function(name: str) -> Callable[..., Any]:
    """The replacement of `math.<name>`, a function of one or more doubles."""
    original = getattr(math, name)

    def replacement(*values: Any) -> Any:
        values = tuple(number(v) for v in values)
        return applied(name, *values) if any(is_live(v) for v in values) else original(*values)

    return replacement


def by_object(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`math.floor` and its like, which ask the object: a live tensor is turned into a number first."""
    return lambda value: original(number(value))


def square_root(value: Any) -> Any:
    """`math.sqrt`."""
    value = number(value)
    return torch.sym_sqrt(to_float(value)) if is_live(value) else math.sqrt(value)


def integer_root(value: Any) -> Any:
    """`math.isqrt`, exact below 2**52."""
    value = number(value)
    return torch.sym_int(torch.sym_sqrt(to_float(value))) if is_live(value) else math.isqrt(value)


def logarithm(value: Any, base: Any = None) -> Any:
    """`math.log`, with any base."""
    value, base = number(value), number(base)
    if not is_live(value) and not is_live(base):
        return math.log(value) if base is None else math.log(value, base)
    found = applied("log", value) if is_live(value) else math.log(value)
    return found if base is None else found / (applied("log", base) if is_live(base) else math.log(base))


def power(base: Any, exponent: Any) -> Any:
    """`math.pow`: always a float."""
    base, exponent = number(base), number(exponent)
    return to_float(base) ** to_float(exponent) if any_live((base, exponent)) else math.pow(base, exponent)


def absolute(value: Any) -> Any:
    """`math.fabs`."""
    value = number(value)
    return abs(to_float(value)) if is_live(value) else math.fabs(value)


def product(values: Iterable[Any], *, start: Any = 1) -> Any:
    """`math.prod`."""
    items = [number(v) for v in values]
    return reduce(lambda a, b: a * b, items, start) if any_live(items) else math.prod(items, start=start)


def total(values: Iterable[Any]) -> Any:
    """`math.fsum`, without its exact rounding for live numbers."""
    items = [number(v) for v in values]
    return to_float(sum(items)) if any_live(items) else math.fsum(items)


def distance(p: Iterable[Any], q: Iterable[Any]) -> Any:
    """`math.dist`."""
    a, b = list(p), list(q)
    if not any_live([*a, *b]):
        return math.dist(a, b)
    return applied("hypot", *(x - y for x, y in zip(a, b, strict=True)))


def parts(value: Any) -> Any:
    """`math.modf`: (fraction, whole), both with the sign of the value."""
    value = number(value)
    if not is_live(value):
        return math.modf(value)
    whole = to_float(math.trunc(value))
    return to_float(value) - whole, whole


def scaled(factor: float, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A change of unit."""
    return lambda value: to_float(number(value)) * factor if is_live(number(value)) else original(number(value))


def divisor(*values: Any) -> Any:
    """`math.gcd`."""
    if not any_live(values):
        return math.gcd(*values)
    return reduce(_divisor, values)


def _divisor(a: Any, b: Any) -> Any:
    known = [abs(v) for v in (a, b) if not is_live(v)]
    if len(known) == 2:
        return math.gcd(a, b)

    def make() -> Any:
        steps = euclid_steps(known[0] if known else None)
        tensors = [torch.scalar_tensor(v, dtype=torch.int64) for v in (a, b)]
        return greatest_common_divisor(*tensors, steps).item()

    return once(("gcd", a, b), make)


def multiple(*values: Any) -> Any:
    """`math.lcm`."""
    if not any_live(values):
        return math.lcm(*values)
    return reduce(lambda a, b: abs(a * b) // _divisor(a, b), values)


def property_of(name: str) -> Callable[[Any], Any]:
    """`math.isnan` or `math.isinf` of a number."""
    original = getattr(math, name)

    def replacement(value: Any) -> Any:
        value = number(value)
        if isinstance(value, SymInt):
            return False
        return applied(name, value) == 1.0 if isinstance(value, SymFloat) else original(value)

    return replacement


def is_finite(value: Any) -> Any:
    """`math.isfinite`."""
    value = number(value)
    if isinstance(value, SymInt):
        return True
    return applied("isnan", value) + applied("isinf", value) == 0.0 if is_live(value) else math.isfinite(value)


def is_close(a: Any, b: Any, *, rel_tol: float = 1e-9, abs_tol: float = 0.0) -> Any:
    """`math.isclose`."""
    a, b = number(a), number(b)
    if not any_live((a, b, rel_tol, abs_tol)):
        return math.isclose(a, b, rel_tol=rel_tol, abs_tol=abs_tol)
    return abs(a - b) <= larger(rel_tol * larger(abs(a), abs(b)), abs_tol)


def load_exponent(value: Any, exponent: Any) -> Any:
    """`math.ldexp`."""
    value, exponent = number(value), number(exponent)
    return to_float(value) * 2.0 ** to_float(exponent) if any_live((value, exponent)) else math.ldexp(value, exponent)


def complementary_error(value: Any) -> Any:
    """`math.erfc`."""
    value = number(value)
    return 1.0 - applied("erf", value) if is_live(value) else math.erfc(value)


def copied_sign(value: Any, sign: Any) -> Any:
    """`math.copysign`."""
    value, sign = number(value), number(sign)
    if isinstance(sign, SymInt):
        return choose(sign < 0, -abs(to_float(value)), abs(to_float(value)))
    return applied("copysign", value, sign) if any_live((value, sign)) else math.copysign(value, sign)


PLAIN = sorted(set(BODIES) - {"isnan", "isinf", "copysign", "log"})

REPLACEMENTS: dict[Callable[..., Any], Callable[..., Any]] = {
    **{getattr(math, name): function(name) for name in PLAIN},
    math.ceil: by_object(math.ceil),
    math.floor: by_object(math.floor),
    math.trunc: by_object(math.trunc),
    math.copysign: copied_sign,
    math.degrees: scaled(180.0 / math.pi, math.degrees),
    math.dist: distance,
    math.erfc: complementary_error,
    math.fabs: absolute,
    math.fsum: total,
    math.gcd: divisor,
    math.isclose: is_close,
    math.isfinite: is_finite,
    math.isinf: property_of("isinf"),
    math.isnan: property_of("isnan"),
    math.isqrt: integer_root,
    math.lcm: multiple,
    math.ldexp: load_exponent,
    math.log: logarithm,
    math.modf: parts,
    math.pow: power,
    math.prod: product,
    math.radians: scaled(math.pi / 180.0, math.radians),
    math.sqrt: square_root,
}
