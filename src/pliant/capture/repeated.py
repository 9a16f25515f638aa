"""Things to loop over whose number is live."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import SymBool, SymInt, Tensor

from pliant.capture.gathered import Gathered, holds_gathered
from pliant.capture.live.choices import choose, is_live, is_number
from pliant.capture.paths import Undecidable


@dataclass(frozen=True)
class Repeated:
    """`count` things, of which `item(k)` is number `k`.

    `fixed` gives as many as there are for the example's sizes: `a, b = x.split(...)` decides on the number.
    `line` is where the model made them, if that may have to be told.
    """

    count: Any
    item: Callable[[Any], Any]
    fixed: Callable[[], Sequence[Any]] | None = field(default=None, compare=False)
    line: tuple[str, int] | None = field(default=None, compare=False)

    def __iter__(self) -> Iterator[Any]:
        if self.fixed is not None:
            return iter(self.fixed())
        raise Undecidable(
            "the number of iterations is known only at run time, and this is no plain `for` statement, or it is left "
            "from the middle by `return`, which ONNX's Loop cannot do"
        )

    def part(self, start: Any, stop: Any, step: Any) -> Repeated:
        """`self[start:stop:step]`."""
        if step == -1 and start is None and stop is None:
            return Repeated(self.count, lambda k: self.item(self.count - 1 - k))
        if is_live(step) or (step is not None and step < 1):
            raise Undecidable("a live number of things can be reversed with [::-1]; other steps have to be above 0")
        first, end, step = self._bound(start, 0), self._bound(stop, self.count), step or 1
        count = (torch.sym_max(end - first, 0) + step - 1) // step
        return Repeated(count, lambda k: self.item(first + k * step))

    def _bound(self, bound: Any, default: Any) -> Any:
        if bound is None:
            return default
        from_end = _chosen(bound < 0, bound + self.count, bound)
        return torch.sym_max(torch.sym_min(from_end, self.count), 0)

    def __add__(self, other: Any) -> Repeated:
        return chained(self, repeated(other))

    def __radd__(self, other: Any) -> Repeated:
        return chained(repeated(other), self)


def chained(first: Repeated, second: Repeated) -> Repeated:
    """The things of `first` and then those of `second`, all of them numbers."""

    def item(k: Any) -> Any:
        return _chosen(k < first.count, first.item(k), second.item(k - first.count))

    return Repeated(first.count + second.count, item)


def things(values: Any) -> Repeated | None:
    """What is looped over, if the number of things in it is live: a range, a filled list, the pictures of a batch."""
    if isinstance(values, Repeated):
        return values
    if isinstance(values, Tensor) and values.dim() and isinstance(values.shape[0], SymInt):
        return Repeated(values.shape[0], lambda k: values[k])
    return repeated(values) if holds_gathered(values) else None


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
