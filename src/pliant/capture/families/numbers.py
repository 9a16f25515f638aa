"""Python's own number functions on a value that is known only at run time.

While PyTorch traces, a live number is a `SymInt` or `SymFloat`. `int(f)`, `float(f)`, `min(f, 4)` and
`isinstance(f, float)` are calls into C that ask for the number itself, which freezes it or fails. Each is
replaced by the operation that stays symbolic. `abs`, and the operators, need no replacement: they ask the
object, and the object answers symbolically.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import torch
from torch import SymFloat, SymInt

from pliant.capture.base import Capture, families
from pliant.capture.live.choices import example_of, set_example
from pliant.capture.live.numbers import (
    choose,
    is_instance,
    larger,
    quotient_and_rest,
    smaller,
    to_bool,
    to_float,
    to_int,
    to_power,
    to_round,
    to_sorted,
    type_of,
)
from pliant.capture.live.symbols import any_live, once, scalar
from pliant.capture.paths import current


def mapped(function: Any, *values: Any) -> Any:
    """`map`, with the replacement of the function that it applies."""
    return builtins.map(families().instead_of(function), *values)


def reduced(function: Any, *values: Any) -> Any:
    """`functools.reduce`, with the replacement of the function that it applies."""
    return reduce(families().instead_of(function), *values)


def if_else(condition: Any, a: Any, b: Any) -> Any:
    """`torch.sym_ite`, which wants both of one type while tracing and not otherwise."""
    return choose(condition, a, b)


def by_key(builtin: Any, plain: Callable[..., Any]) -> Callable[..., Any]:
    """`min` or `max`; with a key that gives live numbers, whatever is compared by it is chosen one by one."""

    def replacement(first: Any, *rest: Any, **named: Any) -> Any:
        key = named.get("key")
        items: list[Any] = [first, *rest] if rest else list(first)
        keys = [key(item) for item in items] if key is not None else []
        if not any_live(keys):
            return plain(*items, **named) if rest else plain(items, **named)
        best, least = items[0], keys[0]
        for item, other in zip(items[1:], keys[1:], strict=True):
            better = other < least if builtin is min else other > least
            best, least = current().chosen(better, item, best), current().chosen(better, other, least)
        return best

    return replacement


def is_whole(value: SymFloat) -> Any:
    """`value.is_integer()`."""
    return value == torch.sym_float(torch.sym_int(value))


def bits(value: Any) -> Any:
    """`value.bit_length()`: how many powers of two it has reached."""
    powers = torch.tensor([1 << k for k in range(63)])

    def make() -> Any:
        found, example = (scalar(abs(value), torch.int64) >= powers).sum().item(), example_of(value)
        return found if example is None else set_example(found, example.bit_length())

    return once(("bit_length", value), make)


def bound(callee: Any) -> Callable[..., Any] | None:
    """A replacement for a method of a live number, or of a shape, that would ask for the number."""
    owner, name = getattr(callee, "__self__", None), getattr(callee, "__name__", "")
    if isinstance(owner, torch.Size) and name == "numel":
        return lambda: reduce(lambda a, b: a * b, owner, 1)
    if isinstance(owner, SymInt) and name == "bit_length":
        return partial(bits, owner)
    if isinstance(owner, SymFloat) and name == "is_integer":
        return partial(is_whole, owner)
    return None


CAPTURE = Capture(
    calls={
        int: to_int,
        float: to_float,
        bool: to_bool,
        min: by_key(min, smaller),
        max: by_key(max, larger),
        sorted: to_sorted,
        pow: to_power,
        round: to_round,
        divmod: quotient_and_rest,
        isinstance: is_instance,
        type: type_of,
        map: mapped,
        reduce: reduced,
        SymInt: to_int,  # `f.__class__(...)`
        SymFloat: to_float,
        torch.sym_ite: if_else,
    },
    resolve=bound,
)
