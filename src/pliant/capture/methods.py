"""Methods that Python's numbers have and PyTorch's live numbers lack, lent to them while a model is traced.

`f"{factor:.2f}"`, `(f > 1) * 0.5`, `~h` and `f.real` are no calls that a rewritten source could intercept: Python asks
the type. What is printed of a live number is its formula, for nothing is known yet.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import SymBool, SymFloat, SymInt

from pliant.capture.live.arrays import converted
from pliant.capture.live.choices import example_of, known


def whole(value: Any) -> Any:
    """A live truth value as 1 or 0."""
    return torch.sym_ite(value, 1, 0)


def text(self: Any, specification: str) -> str:
    """`format(self, specification)`: the formula, whatever the specification says about digits."""
    del specification
    return str(self)


def arithmetic(name: str) -> Callable[[Any, Any], Any]:
    """A method of int for a live truth value."""

    def method(self: Any, other: Any) -> Any:
        other = whole(other) if isinstance(other, SymBool) else other
        return getattr(whole(self), name)(other)

    return method


def inverted(self: Any) -> Any:
    """`~self`."""
    return -self - 1


def exclusive(self: Any, other: Any) -> Any:
    """`self ^ other`, which the format of traced programs does not have."""
    if isinstance(self, SymBool) or isinstance(other, SymBool):
        return self != other
    return (self | other) - (self & other)


PYTORCHS_POWER: Any = SymInt.__rpow__


def as_exponent(self: Any, base: Any) -> Any:
    """`base ** self`, without asking a power of two for the sign of its exponent: that of the example decides."""
    if isinstance(base, bool) or not isinstance(base, int) or base != 2 or known(self >= 0):
        return PYTORCHS_POWER(self, base)
    example = example_of(self)
    return 1 << self if example is None or example >= 0 else float(base) ** torch.sym_float(self)


SIDES = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
ARITHMETIC = {name: arithmetic(name) for side in SIDES for name in (f"__{side}__", f"__r{side}__")}


def itself(self: Any) -> Any:
    """The number."""
    return self


def negated(self: Any) -> Any:
    """`-self` of a truth value."""
    return -whole(self)


def fixed(value: Any) -> Callable[[Any], Any]:
    """A method that gives the same for every number."""

    def method(self: Any) -> Any:
        del self
        return value

    return method


def cast(self: Any, dtype: Any, *rest: Any, **options: Any) -> Any:
    """`self.astype(dtype)`: a number that NumPy made is one of its scalars."""
    del rest, options
    return converted(self, dtype)


COMPLEX = {"astype": cast, "real": property(itself), "imag": property(fixed(0)), "item": itself, "__format__": text}
METHODS: dict[type, dict[str, Any]] = {
    SymInt: {
        **COMPLEX,
        "numerator": property(itself),
        "denominator": property(fixed(1)),
        "is_integer": fixed(True),
        "__invert__": inverted,
        "__rpow__": as_exponent,
        "__xor__": exclusive,
        "__rxor__": exclusive,
    },
    SymFloat: COMPLEX,
    SymBool: {**ARITHMETIC, "__neg__": negated, "__format__": text},
}


@contextmanager
def completed_numbers() -> Generator[None]:
    """Within the block, live numbers have these methods; afterwards everything is as before."""
    before = [(kind, name, vars(kind).get(name)) for kind, methods in METHODS.items() for name in methods]
    try:
        for kind, methods in METHODS.items():
            for name, method in methods.items():
                setattr(kind, name, method)
        yield
    finally:
        for kind, name, method in before:
            if method is None:
                delattr(kind, name)
            else:
                setattr(kind, name, method)
