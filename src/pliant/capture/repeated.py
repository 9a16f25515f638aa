"""Things to loop over whose number is live."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import SymBool

from pliant.capture.gathered import Gathered
from pliant.capture.live.choices import choose, is_number
from pliant.capture.paths import Undecidable


@dataclass(frozen=True)
class Repeated:
    """`count` things, of which `item(k)` is number `k`."""

    count: Any
    item: Callable[[Any], Any]

    def __iter__(self) -> Iterator[Any]:
        raise Undecidable(
            "the number of iterations is known only at run time, and this is no plain `for` statement, or it is left "
            "from the middle by `return`, which ONNX's Loop cannot do"
        )

    def __add__(self, other: Any) -> Repeated:
        return chained(self, repeated(other))

    def __radd__(self, other: Any) -> Repeated:
        return chained(repeated(other), self)


def chained(first: Repeated, second: Repeated) -> Repeated:
    """The things of `first` and then those of `second`, all of them numbers."""

    def item(k: Any) -> Any:
        return _chosen(k < first.count, first.item(k), second.item(k - first.count))

    return Repeated(first.count + second.count, item)


def repeated(values: Any) -> Repeated:
    """A list as things to loop over; a list that a live loop has filled, or one of numbers."""
    if isinstance(values, Repeated):
        return values
    items: Sequence[Any] = list(values)
    if len(items) == 1 and isinstance(items[0], Gathered):
        return Repeated(items[0].count, items[0].element)
    if items and all(is_number(v) for v in items):
        return Repeated(len(items), lambda k: _one_of(items, k))
    raise Undecidable("a list that a live loop has filled and that holds other things too cannot be looped over")


def _one_of(items: Sequence[Any], k: Any) -> Any:
    value = items[0]
    for position, other in enumerate(items[1:], 1):
        value = _chosen(k >= position, other, value)
    return value


def _chosen(condition: Any, then: Any, otherwise: Any) -> Any:
    return choose(condition, then, otherwise) if isinstance(condition, SymBool) else then if condition else otherwise
