"""Lengths as polynomials in the sizes of the picture, with arithmetic that never guesses.

A symbol is a whole number of at least 1. What is no polynomial (a quotient that is rounded down, the smaller of two) is
a symbol of its own that knows what it was made of, so that equal lengths are equal objects however they were computed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np

Monomial: TypeAlias = "tuple[tuple[Symbol, int], ...]"


@dataclass(frozen=True)
class Symbol:
    """A length that is not known: an axis by its name, or what `rule` makes of other lengths.

    Rules are "floor" (a quotient), "min", "max" and "scaled" (times `scale` in float32, rounded down).
    """

    name: str
    rule: str = ""
    of: tuple[Length, ...] = ()
    scale: float = 1.0


@dataclass(frozen=True)
class Poly:
    """A sum of monomials with whole coefficients that are not 0; at least one monomial holds a symbol."""

    terms: frozenset[tuple[Monomial, int]]

    def __str__(self) -> str:
        return text(self)


Length: TypeAlias = int | Poly
Shape: TypeAlias = list[Length]


class Inconsistent(Exception):  # noqa: N818 - one reading of the file fails; nothing is wrong with the file
    """Lengths that cannot fit together at every size; the text says which."""


def symbol(name: str) -> Poly:
    """The length called `name`."""
    return Poly(frozenset({(((Symbol(name), 1),), 1)}))


def terms(length: Length) -> dict[Monomial, int]:
    """Coefficients by monomial; a number is the coefficient of the empty one."""
    if isinstance(length, int):
        return {(): length} if length else {}
    return dict(length.terms)


def collected(found: Mapping[Monomial, int]) -> Length:
    """The length with these coefficients."""
    kept = {m: c for m, c in found.items() if c}
    if set(kept) <= {()}:
        return kept.get((), 0)
    return Poly(frozenset(kept.items()))


def add(a: Length, b: Length) -> Length:
    """a + b."""
    found = terms(a)
    for monomial, c in terms(b).items():
        found[monomial] = found.get(monomial, 0) + c
    return collected(found)


def times(a: Length, b: Length) -> Length:
    """a * b."""
    found: dict[Monomial, int] = {}
    for (m, c), (n, d) in product(terms(a).items(), terms(b).items()):
        both = _joined(m, n, 1)
        found[both] = found.get(both, 0) + c * d
    return collected(found)


def minus(a: Length, b: Length) -> Length:
    """a - b."""
    return add(a, times(-1, b))


def divided(a: Length, b: Length) -> Length | None:
    """a / b where that is a polynomial with whole coefficients and b has one term; None elsewhere."""
    if a == b:
        return 1
    below = list(terms(b).items())
    if len(below) != 1:
        return None
    ((n, d),) = below
    found: dict[Monomial, int] = {}
    for m, c in terms(a).items():
        rest = _joined(m, n, -1)
        if c % d or any(power < 0 for _, power in rest):
            return None
        found[rest] = c // d
    return collected(found)


def floor(a: Length, b: int) -> Length:
    """The largest whole number that is at most a / b, for b > 0."""
    whole = collected({m: c // b for m, c in terms(a).items()})
    rest = collected({m: c % b for m, c in terms(a).items()})
    if isinstance(rest, int):
        return whole
    return add(whole, derived("floor", rest, b))


def derived(rule: str, *of: Length, scale: float = 1.0) -> Poly:
    """A length that `rule` makes of others."""
    name = f"{rule}({', '.join(map(text, of))}{f', {scale:g}' if rule == 'scaled' else ''})"
    return Poly(frozenset({(((Symbol(name, rule, of, scale), 1),), 1)}))


def scaled(a: Length, scale: float) -> Length:
    """The largest whole number that is at most a * scale, which ONNX computes in float32."""
    numerator, denominator = float(np.float32(scale)).as_integer_ratio()
    if denominator <= 64:
        return floor(times(a, numerator), denominator)
    if isinstance(a, int):
        return int(np.floor(np.float32(a) * np.float32(scale)))
    return derived("scaled", a, scale=scale)


def symbols(length: Length) -> set[str]:
    """The names of all axes that a length depends on."""
    found: set[str] = set()
    for monomial in terms(length):
        for part, _ in monomial:
            found |= {name for inner in part.of for name in symbols(inner)} if part.rule else {part.name}
    return found


def value(length: Length, sizes: Mapping[str, int]) -> int:
    """The number that a length is for these sizes."""
    return sum(c * prod(_valued(s, sizes) ** power for s, power in m) for m, c in terms(length).items())


def _valued(part: Symbol, sizes: Mapping[str, int]) -> int:
    if not part.rule:
        return sizes[part.name]
    given = [value(inner, sizes) for inner in part.of]
    if part.rule == "scaled":
        return int(np.floor(np.float32(given[0]) * np.float32(part.scale)))
    return {"floor": lambda: given[0] // given[1], "min": lambda: min(given), "max": lambda: max(given)}[part.rule]()


def substituted(length: Length, change: Mapping[str, Length]) -> Length:
    """A length with axes replaced by other lengths."""
    total: Length = 0
    for monomial, c in terms(length).items():
        factors = (_changed(s, change) for s, power in monomial for _ in range(power))
        total = add(total, reduce(times, factors, c))
    return total


def _changed(part: Symbol, change: Mapping[str, Length]) -> Length:
    if not part.rule:
        return change.get(part.name, symbol(part.name))
    of = [substituted(inner, change) for inner in part.of]
    if part.rule == "scaled":
        return scaled(of[0], part.scale)
    if part.rule == "floor" and isinstance(of[1], int):
        return floor(of[0], of[1])
    return derived(part.rule, *of)


def is_derived(length: Length, rules: Collection[str] = ("floor", "scaled", "min", "max")) -> bool:
    """Whether a length is no polynomial in the axes, but made by one of `rules`."""
    return any(part.rule in rules for monomial in terms(length) for part, _ in monomial)


def at_least(length: Length, bound: int, sizes: Callable[[str], int]) -> bool:
    """Whether a length is surely at least `bound` where each axis is at least `sizes` of its name."""
    moved: Length = -bound
    for monomial, c in terms(length).items():
        factors = (_moved(s, sizes) for s, power in monomial for _ in range(power))
        moved = add(moved, reduce(times, factors, c))
    return all(c >= 0 for c in terms(moved).values())


def _moved(part: Symbol, sizes: Callable[[str], int]) -> Length:
    """A symbol as another one, of at least 0, and its own least value."""
    own = Poly(frozenset({(((part, 1),), 1)}))
    return own if part.rule else add(own, sizes(part.name))


def parts(length: Length) -> Iterator[Length]:
    """Every product of some of the axes that a product consists of, without a number. None for a sum."""
    found = list(terms(length).items())
    if len(found) != 1:
        return
    ((monomial, _),) = found
    for powers in product(*(range(power + 1) for _, power in monomial)):
        yield collected({tuple((s, k) for (s, _), k in zip(monomial, powers, strict=True) if k): 1})


def _joined(m: Monomial, n: Monomial, sign: int) -> Monomial:
    powers = dict(m)
    for part, power in n:
        powers[part] = powers.get(part, 0) + sign * power
    return tuple(sorted(((s, p) for s, p in powers.items() if p), key=lambda pair: pair[0].name))


def text(length: Length, multiples: Mapping[str, int] | None = None) -> str:
    """A length as a formula; where an axis is counted in multiples, `multiples` says of what."""
    from fractions import Fraction

    written: list[str] = []
    for monomial, c in sorted(terms(length).items(), key=lambda pair: _order(pair[0]), reverse=True):
        names, factor = [], Fraction(c)
        for part, power in monomial:
            names += [_named(part, multiples)] * power
            factor /= (multiples or {}).get(part.name, 1) ** power
        top = "*".join([*([str(abs(factor.numerator))] if abs(factor.numerator) != 1 or not names else []), *names])
        sign = "-" if factor < 0 else "+" if written else ""
        written.append(f"{sign}{top}" + (f"/{factor.denominator}" if factor.denominator != 1 else ""))
    return "".join(written) or "0"


def _order(monomial: Monomial) -> tuple[int, list[str]]:
    return sum(power for _, power in monomial), [s.name for s, _ in monomial]


def _named(part: Symbol, multiples: Mapping[str, int] | None) -> str:
    if not part.rule:
        return part.name
    of: list[Any] = [text(inner, multiples) for inner in part.of]
    if part.rule == "floor":
        return f"floor(({of[0]})/{of[1]})"
    return f"floor({part.scale:g}*({of[0]}))" if part.rule == "scaled" else f"{part.rule}({', '.join(of)})"
