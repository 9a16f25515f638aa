"""Text made of numbers that are known only at run time: `f"x{scale}"`, `str(scale)`.

A model uses it to find something by name, `self.heads[f"x{scale}"]`. Whether it is equal to a given text is then a
question to the numbers in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from torch import SymBool, SymFloat, SymInt

from pliant.capture.live.choices import both, is_live, opposite

NUMBERS: dict[type, str] = {
    SymInt: r"(-?\d+)",
    SymFloat: r"(-?\d+(?:\.\d+)?(?:e[-+]\d+)?|-?inf|nan)",
    SymBool: "(True|False)",
}


class LiveText(str):
    """Text with live numbers in it; as a string it is the formula. `parts` are plain texts and live numbers in turn."""

    parts: tuple[Any, ...]

    def __add__(self, other: str) -> str:
        return text(*self.parts, *_parts(other))

    def __radd__(self, other: str) -> str:
        return text(*_parts(other), *self.parts)


def text(*values: Any) -> str:
    """The values written one after the other, as an f-string does it."""
    parts: list[Any] = []
    for value in (part for v in values for part in _parts(v)):
        if parts and isinstance(value, str) and isinstance(parts[-1], str):
            parts[-1] += value
        else:
            parts.append(value)
    result = "".join(str(part) for part in parts)
    if not any(is_live(part) for part in parts):
        return result
    live = LiveText(result)
    live.parts = tuple(parts)
    return live


def _parts(value: Any) -> tuple[Any, ...]:
    return value.parts if isinstance(value, LiveText) else (value if is_live(value) else format(value),)


def undecided(value: Any) -> bool:
    """Whether something is a live number, or text made of them."""
    return is_live(value) or isinstance(value, LiveText)


def equal(a: Any, b: Any) -> Any:
    """`a == b`, of which one is text with live numbers; a live truth where the numbers decide.

    Raises ValueError where the text can be read in more than one way.
    """
    if not isinstance(a, LiveText):
        a, b = b, a
    if not isinstance(b, str):
        return False
    if isinstance(b, LiveText):
        return _same_form(a, b)
    if any(is_live(first) and is_live(second) for first, second in pairwise(a.parts)):
        raise ValueError(f"live numbers side by side in one text ({a}) can be read in more than one way")
    pattern = "".join(NUMBERS[type(p)] if is_live(p) else re.escape(p) for p in a.parts)
    match = re.fullmatch(pattern, b)
    if match is None:
        return False
    return _all(_written(p, t) for p, t in zip(filter(is_live, a.parts), match.groups(), strict=True))


def _written(number: Any, digits: str) -> Any:
    """Whether a live number is written with these digits."""
    if isinstance(number, SymBool):
        return number if digits == "True" else opposite(number)
    value = int(digits) if isinstance(number, SymInt) else float(digits)
    return number == value if repr(value) == digits else False


def _same_form(a: LiveText, b: LiveText) -> Any:
    if [type(p) for p in a.parts] != [type(p) for p in b.parts]:
        raise ValueError(f"whether two texts of live numbers are equal is not known: {a}, {b}")
    return _all(p == q for p, q in zip(a.parts, b.parts, strict=True))


def _all(truths: Iterable[Any]) -> Any:
    result: Any = True
    for truth in truths:
        result = both(result, truth)
    return result


def filled(template: str, values: Any) -> str | None:
    """`template % values` for the plain directives %s and %d; None if it has others."""
    pieces = re.split(r"%([a-zA-Z%])", template)
    given = list(values) if isinstance(values, tuple) else [values]
    if any("%" in piece for piece in pieces[::2]) or any(kind not in "sdi%" for kind in pieces[1::2]):
        return None
    if sum(kind != "%" for kind in pieces[1::2]) != len(given):
        return None
    parts: list[Any] = [pieces[0]]
    for kind, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        parts += ["%" if kind == "%" else given.pop(0), piece]
    return text(*parts)
