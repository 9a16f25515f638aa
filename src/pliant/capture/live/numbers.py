"""Python's own number functions on a value that is known only at run time."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

import torch
from torch import SymBool, SymFloat, SymInt, Tensor

from pliant.capture.live import choices
from pliant.capture.live.choices import is_live
from pliant.capture.live.quotients import exact_quotient
from pliant.capture.live.symbols import any_live

NUMBERS: dict[type, type] = {SymInt: int, SymFloat: float, SymBool: bool}
MOST_SORTED = 12  # every pair of live numbers is compared
REQUIRED: Any = object()


def number(value: Any) -> Any:
    """A tensor of one element as a number, live if the tensor is; anything else as it is."""
    return value.item() if isinstance(value, Tensor) else value


def choose(condition: Any, a: Any, b: Any) -> Any:
    """`a if condition else b` of two numbers, as a float if one of them is."""
    if not isinstance(condition, SymBool):
        return a if condition else b
    return choices.choose(condition, a, b)


def to_int(value: Any = 0, *base: Any, **named: Any) -> Any:
    """`int`: towards zero."""
    value = number(value)
    if isinstance(value, SymBool):
        return choose(value, 1, 0)
    if isinstance(value, SymFloat):
        return exact_quotient(value) or torch.sym_int(value)
    return torch.sym_int(value) if is_live(value) else builtins.int(value, *base, **named)


def to_float(value: Any = 0.0) -> Any:
    """`float`."""
    value = number(value)
    if isinstance(value, SymBool):
        value = to_int(value)
    return torch.sym_float(value) if is_live(value) else builtins.float(value)


def to_bool(value: Any = False) -> Any:
    """`bool` of a number: whether it is not zero."""
    if isinstance(value, (SymInt, SymFloat)):
        return value != 0
    return value if isinstance(value, SymBool) else builtins.bool(value)


def extreme(builtin: Callable[..., Any], symbolic: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """`min` or `max`, whichever `builtin` is."""

    def replacement(*values: Any, key: Any = None, default: Any = REQUIRED) -> Any:
        first, *rest = values
        items: list[Any] = [first, *rest] if rest else list(first)
        if not items and default is not REQUIRED:
            return default
        if key is not None or not any(is_live(item) for item in items):
            return builtin(items, key=key)  # a live `key` is for the families: what is chosen may be anything
        return reduce(symbolic, [number(item) for item in items])

    return replacement


smaller, larger = extreme(min, torch.sym_min), extreme(max, torch.sym_max)


def to_sorted(values: Iterable[Any], *, key: Any = None, reverse: bool = False) -> list[Any]:
    """`sorted` of numbers, by exchanging neighbours."""
    items = list(values)
    if key is not None or not any_live(items) or not 1 < len(items) <= MOST_SORTED:
        return builtins.sorted(items, key=key, reverse=reverse)
    for end in range(len(items) - 1, 0, -1):
        for k in range(end):
            items[k], items[k + 1] = torch.sym_min(*items[k : k + 2]), torch.sym_max(*items[k : k + 2])
    return items[::-1] if reverse else items


def total(values: Iterable[Any], start: Any = 0) -> Any:
    """`sum`, without a guard on whether it begins with a zero."""
    items = list(values)
    if any(isinstance(item, SymBool) for item in items):
        items = [to_int(item) if isinstance(item, SymBool) else item for item in items]
    return builtins.sum(items, start)


def to_power(base: Any, exponent: Any, modulus: Any = None) -> Any:
    """`pow`."""
    if modulus is not None:
        known = not any_live((base, exponent, modulus))
        return builtins.pow(base, exponent, modulus) if known else base**exponent % modulus
    return base**exponent


def to_round(value: Any, digits: Any = None) -> Any:
    """`round`: half to even. With digits, a float stays one, rounded as a decimal."""
    if isinstance(value, Tensor) and not value.dim() and digits is None:
        value = number(value)
    if isinstance(value, SymInt) and digits is not None and not is_live(digits) and digits < 0:
        unit = 10**-digits
        below, rest = value // unit, value % unit
        up = choose(2 * rest > unit, 1, 0) + choose(2 * rest == unit, below % 2, 0)
        return (below + up) * unit
    if isinstance(value, SymInt):
        return value
    given: Any = value
    return builtins.round(given) if digits is None else builtins.round(given, digits)


def quotient_and_rest(a: Any, b: Any) -> Any:
    """`divmod`."""
    return (a // b, a % b) if is_live(a) or is_live(b) else builtins.divmod(a, b)


def is_instance(value: Any, types: Any) -> bool:
    """`isinstance`: a live number is an instance of what it will be at run time."""
    if not is_live(value):
        return builtins.isinstance(value, types)
    return builtins.isinstance(value, types) or builtins.issubclass(NUMBERS[builtins.type(value)], types)


def type_of(value: Any, *bases: Any, **named: Any) -> Any:
    """`type`: a live number has the type that it will have at run time."""
    if is_live(value) and not bases:
        return NUMBERS[builtins.type(value)]
    return builtins.type(value, *bases, **named)
