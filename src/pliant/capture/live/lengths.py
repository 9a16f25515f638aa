"""Lengths in the simplest form that is known to be equal.

PyTorch compares formulas, and works on them with sympy, at every step. `h + (8 - h % 8) % 8` and what is computed from
it become slow and unwieldy; `8 * ((h + 7) // 8)` is the same length, and visibly a multiple of 8.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import sympy
from torch import SymInt

from pliant.capture.live.choices import ENOUGH, expression, is_live

LARGEST = 4096  # that a length may be rounded up to a multiple of
DRAWN = (1, 2, 3, 5, 7, 8, 16, 23, 32, 40, 64, 129)
FEW = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 31, 33)


def formula(number: Any) -> Any:
    """The formula of a number, live or not."""
    return expression(number) if is_live(number) else sympy.sympify(number)


def points(symbols: Sequence[Any], constants: Sequence[int]) -> Iterator[dict[Any, Any]]:
    """Values to compare formulas of one or two symbols at."""
    around = {k * m + d for k in constants for m in (1, 2, 3) for d in (-1, 0, 1)}
    known = {*range(1, 34), *around} if len(symbols) == 1 else {*FEW, *(c + d for c in constants for d in (-1, 0, 1))}
    for chosen in itertools.product(sorted(n for n in known if n > 0), repeat=len(symbols)):
        yield {symbol: sympy.Integer(n) for symbol, n in zip(symbols, chosen, strict=True)}


def rounded_up(length: Any, total: Any, facts: Sequence[Any]) -> Any:
    """`total` as the least multiple of some constant that is not below `length`; `total` itself if it is none.

    `facts` are formulas that are true here. Whether two formulas are equal is told by their values at many points.
    """
    if not isinstance(total, SymInt):
        return total
    first, wanted = formula(length), formula(total)
    symbols = sorted(first.free_symbols | wanted.free_symbols, key=str)
    constants = sorted({abs(int(n)) for n in wanted.atoms(sympy.Integer) if 1 < abs(n) <= LARGEST})
    if not constants or not 0 < len(symbols) <= 2 or not set(symbols) <= set(total.node.shape_env.backed_var_to_val):
        return total
    known = [fact for fact in facts if fact.free_symbols and fact.free_symbols <= set(symbols)]
    pairs = [
        (first.xreplace(point), wanted.xreplace(point))
        for point in points(symbols, constants)
        if all(fact.xreplace(point) == sympy.true for fact in known)
    ]
    for unit in constants:
        if len(pairs) >= ENOUGH and all(b == unit * -(-a // unit) for a, b in pairs):
            return unit * ((length + (unit - 1)) // unit)
    return total


def constant_quotient(above: Sequence[Any], below: Sequence[Any]) -> int | None:
    """The quotient of two products of lengths if it is the same wherever it was tried; None if not.

    It is found without the formula of the quotient, which PyTorch would simplify for seconds.
    """
    sides = [[formula(n) for n in side] for side in (above, below)]
    symbols = sorted({s for side in sides for f in side for s in f.free_symbols}, key=str)
    environment = next((n.node.shape_env for n in (*above, *below) if is_live(n)), None)
    if environment is None or not set(symbols) <= set(environment.backed_var_to_val):
        return None
    values: list[Any] = []
    for k in range(len(DRAWN)):
        point = {s: sympy.Integer(DRAWN[(k + 5 * j) % len(DRAWN)]) for j, s in enumerate(symbols)}
        try:
            first, second = (sympy.prod([f.xreplace(point) for f in side]) for side in sides)
        except ArithmeticError:
            continue  # a division by no windows, in too small a picture
        if second:
            values.append(first / second)
    return int(values[0]) if len(values) >= ENOUGH and len(set(values)) == 1 and values[0].is_Integer else None
