"""Look-ups by a live number or its text: `table.get(scale, 1.0)`, `getattr(self, f"up{scale}")`, `str(scale)`.

`dict.get` and `getattr` are calls into C, which compares hashes; a live number has none. Each place that the number
may mean is asked for instead, as for `table[scale]`.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import SymBool

from pliant.capture.base import Capture
from pliant.capture.live.choices import as_int
from pliant.capture.live.texts import LiveText, text, undecided
from pliant.capture.lookups import TABLES, attribute, found
from pliant.capture.paths import current

MISSING: Any = object()


def to_text(*value: Any, **named: Any) -> str:
    """`str`."""
    return text(value[0]) if len(value) == 1 and undecided(value[0]) else builtins.str(*value, **named)


def to_attribute(owner: Any, name: Any, *default: Any) -> Any:
    """`getattr`."""
    if not isinstance(name, LiveText):
        return getattr(owner, name, *default)
    return attribute(current(), owner, name, *default)


def has_attribute(owner: Any, name: Any) -> bool:
    """`hasattr`."""
    if not isinstance(name, LiveText):
        return hasattr(owner, name)
    return attribute(current(), owner, name, MISSING) is not MISSING


def to_item(table: Any, key: Any) -> Any:
    """`operator.getitem`."""
    listed = undecided(key) and isinstance(table, TABLES)
    return found(current(), table, key) if listed else operator.getitem(table, key)


def get(table: dict[Any, Any], key: Any, default: Any = None) -> Any:
    """`table.get(key, default)`."""
    if not undecided(key):
        return table.get(key, default)
    return found(current(), table, as_int(key) if isinstance(key, SymBool) else key, default)


def place_of(values: Any, value: Any, *bounds: Any) -> int:
    """`values.index(value)`."""
    if bounds or not undecided(value):
        return values.index(value, *bounds)
    return found(current(), {v: k for k, v in reversed(list(enumerate(values)))}, value)


def formatted(template: str, *values: Any, **named: Any) -> str:
    """`template.format(...)` with plain fields only; others show the formula."""
    pieces = template.split("{}")
    if named or not any(undecided(v) for v in values) or len(pieces) != len(values) + 1 or "{" in "".join(pieces):
        return template.format(*values, **named)
    return text(pieces[0], *(part for pair in zip(values, pieces[1:], strict=True) for part in pair))


METHODS: dict[tuple[type, str], Callable[..., Any]] = {
    (dict, "get"): get,
    (list, "index"): place_of,
    (tuple, "index"): place_of,
    (str, "format"): formatted,
}


def bound(callee: Any) -> Callable[..., Any] | None:
    """A replacement for a method of a table or of text."""
    owner, name = getattr(callee, "__self__", None), getattr(callee, "__name__", "")
    found_for = METHODS.get((type(owner), name))
    return None if found_for is None else partial(found_for, owner)


CAPTURE = Capture(
    calls={str: to_text, getattr: to_attribute, hasattr: has_attribute, operator.getitem: to_item}, resolve=bound
)
