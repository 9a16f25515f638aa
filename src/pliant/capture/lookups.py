"""Finding something by a live number, or by text made of live numbers, among things that are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import nn

from pliant.capture.live.choices import choose, is_live, is_number
from pliant.capture.live.texts import LiveText, equal
from pliant.capture.paths import Paths

TABLES = (list, tuple, dict, nn.ModuleList, nn.Sequential, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)
REQUIRED: Any = object()


def same(key: Any, place: Any) -> Any:
    """`key == place`."""
    return equal(key, place) if isinstance(key, LiveText) else key == place


def places_of(table: Any) -> Iterable[Any]:
    """The keys of a dictionary or the positions of a list."""
    named = isinstance(table, (dict, nn.ModuleDict, nn.ParameterDict))
    return list(table.keys()) if named else range(len(table))


def found(paths: Paths, table: Any, key: Any, default: Any = REQUIRED) -> Any:
    """`table[key]`, or `default` where it has no such place: a decision, one place after the other.

    Fractions become one live number at once. Raises LookupError on the way of a key that is in no place, without
    `default`.
    """
    places = [p for p in places_of(table) if _comparable(key, p)]
    values = [table[place] for place in places] + ([] if default is REQUIRED else [default])
    if isinstance(key, LiveText) or not values or not all(isinstance(v, float) for v in values):
        return _decided(paths, places, lambda place: table[place], key, default)
    chosen, others = values[-1], places if default is not REQUIRED else places[:-1]
    for place, value in reversed(list(zip(others, values, strict=False))):
        chosen = choose(key == place, value, chosen)
    return chosen


def _comparable(key: Any, place: Any) -> bool:
    return isinstance(place, str) if isinstance(key, LiveText) else is_number(place)


def _decided(paths: Paths, places: Iterable[Any], take: Callable[[Any], Any], key: Any, default: Any) -> Any:
    for place in places:
        if paths.truth(same(key, place)):
            return take(place)
    if default is REQUIRED:
        raise LookupError(f"{key} is none of the places there are")
    return default


def attribute(paths: Paths, owner: Any, name: LiveText, default: Any = REQUIRED) -> Any:
    """`getattr(owner, name)`: a decision among the attributes that the name may be."""
    names = [n for n in dict.fromkeys(dir(owner)) if same(name, n) is not False]
    return _decided(paths, names, lambda n: getattr(owner, n), name, default)


def bounded(paths: Paths, bound: Any, length: int) -> Any:
    """A live bound of a slice of `length` things, decided on."""
    if not is_live(bound):
        return bound
    for k in range(length):
        if paths.truth(bound == k):
            return k
    if paths.truth(bound >= length):
        return length
    for k in range(-1, -length, -1):
        if paths.truth(bound == k):
            return k
    return -length
