"""Python's own number functions on a value that is known only at run time.

While PyTorch traces, a live number is a `SymInt` or `SymFloat`. `int(f)`, `float(f)`, `min(f, 4)` and
`isinstance(f, float)` are calls into C that ask for the number itself, which freezes it or fails. Each is
replaced by the operation that stays symbolic. `round`, `abs`, `math.floor`, `math.ceil` and `math.trunc` need no
replacement: they ask the object, and the object answers symbolically.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch import SymBool, SymFloat, SymInt, Tensor

from pliant.capture.base import Capture

NUMBERS: dict[type, type] = {SymInt: int, SymFloat: float, SymBool: bool}


def number(value: Any) -> Any:
    """A tensor of one element as a number, live if the tensor is; anything else as it is."""
    return value.item() if isinstance(value, Tensor) else value


def live(value: Any) -> bool:
    """Whether `value` is a number known only at run time."""
    return isinstance(value, (SymInt, SymFloat, SymBool))


def to_int(value: Any = 0, *base: Any, **named: Any) -> Any:
    """`int`: towards zero."""
    value = number(value)
    return torch.sym_int(value) if live(value) else builtins.int(value, *base, **named)


def to_float(value: Any = 0.0) -> Any:
    """`float`."""
    value = number(value)
    return torch.sym_float(value) if live(value) else builtins.float(value)


def extreme(builtin: Callable[..., Any], symbolic: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """`min` or `max`, whichever `builtin` is."""

    def replacement(*values: Any, **named: Any) -> Any:
        first, *rest = values
        items: list[Any] = [first, *rest] if rest else list(first)
        if named or not any(live(item) for item in items):
            return builtin(items, **named)
        return reduce(symbolic, items)

    return replacement


def square_root(value: Any) -> Any:
    """`math.sqrt`."""
    value = number(value)
    return torch.sym_sqrt(value) if live(value) else math.sqrt(value)


def quotient_and_rest(a: Any, b: Any) -> Any:
    """`divmod`."""
    return (a // b, a % b) if live(a) or live(b) else builtins.divmod(a, b)


def is_instance(value: Any, types: Any) -> bool:
    """`isinstance`: a live number is an instance of what it will be at run time."""
    if not live(value):
        return builtins.isinstance(value, types)
    return builtins.isinstance(value, types) or builtins.issubclass(NUMBERS[builtins.type(value)], types)


def type_of(value: Any, *bases: Any, **named: Any) -> Any:
    """`type`: a live number has the type that it will have at run time."""
    if live(value) and not bases:
        return NUMBERS[builtins.type(value)]
    return builtins.type(value, *bases, **named)


CAPTURE = Capture(
    calls={
        int: to_int,
        float: to_float,
        min: extreme(min, torch.sym_min),
        max: extreme(max, torch.sym_max),
        math.sqrt: square_root,
        divmod: quotient_and_rest,
        isinstance: is_instance,
        type: type_of,
    }
)
