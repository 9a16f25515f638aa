"""Slices, single elements and assignments whose places are known only at run time.

PyTorch traces `x[:, :, a:b]` with live bounds, but forgets what it knew about the length, takes no live step, and its
exporter fails on what an assignment to a live slice decomposes into. A slice becomes one operator, a slice by a live
step a selection by computed indices; an assignment becomes a choice, everywhere, between the old value and the new
one. A slice with live bounds is a tensor of its own; what is done to it in place is done to its tensor too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import SymInt, Tensor

from pliant.capture.base import Capture
from pliant.capture.live.choices import is_live
from pliant.capture.live.numbers import larger, smaller
from pliant.capture.live.symbols import by_value, once, scalar
from pliant.operators.narrow import narrow as taken_by

BASIC = (int, SymInt, slice, type(None), type(...))


def expanded(key: Any, rank: int) -> list[Any] | None:
    """A basic index with one entry for each of `rank` axes, `None`s between them; None if it is no basic index."""
    entries = list(key) if isinstance(key, tuple) else [key]
    entries = [e.item() if isinstance(e, Tensor) and not e.dim() and not _mask(e) else e for e in entries]
    if any(isinstance(e, bool) or not isinstance(e, BASIC) for e in entries):
        return None
    used = sum(e is not None and e is not ... for e in entries)
    if not any(e is ... for e in entries):
        entries.append(...)
    place = next(k for k, e in enumerate(entries) if e is ...)
    return [*entries[:place], *[slice(None)] * (rank - used), *entries[place + 1 :]]


def beside_tensors(x: Tensor, key: Any) -> tuple[Any, ...] | None:
    """An index such as `x[k, indices]` with its live positions as tensors; None for another one.

    A number beside a tensor of indices counts as one more such tensor, as long as no slice stands between them: PyTorch
    would then put the selected axis elsewhere.
    """
    if not isinstance(key, tuple) or any(e is None or e is ... or isinstance(e, bool) for e in key):
        return None
    tensors = [e for e in key if isinstance(e, Tensor) and e.dim()]
    chosen = [k for k, e in enumerate(key) if not isinstance(e, slice)]
    together = chosen == list(range(chosen[0], chosen[0] + len(chosen))) if chosen else False
    slices = [e for e in key if isinstance(e, slice)]
    if not tensors or not together or any(_mask(t) for t in tensors) or by_live_value(slices):
        return None
    if not any(by_value(e) for e in key if not isinstance(e, Tensor)):
        return None
    return tuple(scalar(wrapped(e, x.shape[axis]), torch.int64) if is_live(e) else e for axis, e in enumerate(key))


def _mask(tensor: Tensor) -> bool:
    return tensor.dtype in (torch.bool, torch.uint8)


def numbers_in(entry: Any) -> list[Any]:
    """The numbers of one entry of an index."""
    if isinstance(entry, slice):
        return [
            n.item() if isinstance(n, Tensor) else n for n in (entry.start, entry.stop, entry.step) if n is not None
        ]
    return [] if entry is None else [entry]


def by_live_value(entries: list[Any]) -> bool:
    """Whether an index depends on a live value."""
    return any(by_value(n) for entry in entries for n in numbers_in(entry))


def bounds(entry: slice, length: Any) -> tuple[Any, Any, Any]:
    """(start, stop, step) of a slice, in [0, length]; negative ones count from the end."""
    start, stop, step = (n.item() if isinstance(n, Tensor) else n for n in (entry.start, entry.stop, entry.step))
    start, stop = (default if n is None else within(n, length) for n, default in ((start, 0), (stop, length)))
    return start, stop, 1 if step is None else step


def within(position: Any, length: Any) -> Any:
    """A bound of a slice as a distance from the beginning, cut to what there is."""
    if isinstance(position, int):
        return smaller(position, length) if position >= 0 else larger(length + position, 0)
    counted = position + length * torch.sym_ite(position < 0, 1, 0)
    return larger(smaller(counted, length), 0)


def indices(start: Any, stop: Any, step: Any) -> Tensor:
    """start, start + step, ... below stop, as int64."""
    count = larger(-((start - stop) // step), 0)
    return scalar(start, torch.int64) + scalar(step, torch.int64) * torch.arange(count)


def get(self: Tensor, key: Any) -> Any:
    """`x[key]`, where a step or a position is live."""
    entries = expanded(key, self.dim())
    if entries is None and (beside := beside_tensors(self, key)) is not None:
        return self[beside]
    if entries is None or not by_live_value(entries):
        return NotImplemented
    axis, plain = 0, []
    for entry in entries:
        if isinstance(entry, slice) and by_value(entry.step):
            self = self.index_select(axis, indices(*bounds(entry, self.shape[axis])))
            entry = slice(None)
        elif isinstance(entry, slice) and by_live_value([entry]):
            self, entry = part(self, axis, entry), slice(None)
        if by_value(entry):
            which = scalar(wrapped(entry, self.shape[axis]), torch.int64).reshape(1)
            self = self.index_select(axis, which)
            entry = 0
        plain.append(entry)
        axis += entry is not None
    return self[tuple(plain)]


def part(x: Tensor, axis: int, entry: slice) -> Tensor:
    """A slice with live bounds. Equal bounds give the same symbol for its length."""
    length = x.shape[axis]
    numbers = [n.item() if isinstance(n, Tensor) else n for n in (entry.start, entry.stop)]
    start, stop = (default if n is None else n for n, default in zip(numbers, (0, length), strict=True))

    def place(position: Any) -> Tensor:
        found, end = scalar(position, torch.int64), scalar(length, torch.int64)
        found = torch.where(found < 0, found + end, found)
        return torch.minimum(torch.clamp(found, min=0), end)

    first = place(start)
    count = once(("part", start, stop, length), lambda: torch.clamp(place(stop) - first, min=0).item())
    torch._check(count >= 0)
    taken = taken_by(x, axis, first, count)
    step = entry.step
    return taken if step is None or step == 1 else taken[(*[slice(None)] * axis, slice(None, None, step))]


def wrapped(position: Any, length: Any) -> Any:
    """A position counted from the beginning."""
    return position + length * torch.sym_ite(position < 0, 1, 0)


def narrow(input: Tensor, dim: int, start: Any, length: Any) -> Any:  # noqa: A002 - PyTorch's name
    """`torch.narrow` from a live position: the result has exactly `length` elements."""
    start = start.item() if isinstance(start, Tensor) else start
    if not (by_value(start) or by_value(length)):
        return NotImplemented
    first = wrapped(start, input.shape[dim]) if by_value(start) else start
    return input.index_select(dim, scalar(first, torch.int64) + torch.arange(length))


def select(input: Tensor, dim: int, index: Any) -> Any:  # noqa: A002
    """`torch.select` at a live position."""
    if not by_value(index):
        return NotImplemented
    which = scalar(wrapped(index, input.shape[dim]), torch.int64).reshape(1)
    return input.index_select(dim, which).squeeze(dim)


def put(self: Tensor, key: Any, value: Any) -> Any:
    """`x[key] = value`, where a bound or a position is live."""
    entries = expanded(key, self.dim())
    if entries is None and (beside := beside_tensors(self, key)) is not None:
        self[beside] = value
        return None
    if entries is None or not by_live_value(entries) or any(e is None for e in entries):
        return NotImplemented
    rank, chosen = self.dim(), torch.ones((), dtype=torch.bool)
    places: list[tuple[int, Tensor]] = []  # for each axis that a value spreads over: where in the value to look
    region: list[Any] = []
    for axis, entry in enumerate(entries):
        length = self.shape[axis]
        along = [1] * rank
        along[axis] = -1
        position = torch.arange(length)
        if not isinstance(entry, slice):
            here = position == scalar(wrapped(entry, length), torch.int64)
        else:
            start, stop, step = bounds(entry, length)
            offset = position - scalar(start, torch.int64)
            here = (offset >= 0) & (position < scalar(stop, torch.int64)) & (offset % scalar(step, torch.int64) == 0)
            places.append((axis, torch.clamp(offset // scalar(step, torch.int64), min=0)))
            region.append(None)
        chosen = chosen & here.reshape(along)
    new = spread(value, entries, places) if isinstance(value, Tensor) and value.dim() else value
    new = new.to(self.dtype) if isinstance(new, Tensor) else scalar(new, self.dtype)
    self.copy_(torch.where(chosen, new, self))
    return None


def spread(value: Tensor, entries: list[Any], places: list[tuple[int, Tensor]]) -> Tensor:
    """A value of the region's shape, laid out so that it broadcasts against the whole target."""
    lost = max(value.dim() - len(places), 0)
    value = value.reshape(value.shape[lost:])
    for k, (_, place) in enumerate(reversed(places)):
        if k < value.dim() and (is_live(value.shape[-1 - k]) or value.shape[-1 - k] != 1):
            axis = value.dim() - 1 - k
            last = scalar(value.shape[axis] - 1, torch.int64)
            value = value.index_select(axis, torch.minimum(place, torch.clamp(last, min=0)))
    rest = list(value.shape)
    shape = [rest.pop() if isinstance(entry, slice) and rest else 1 for entry in reversed(entries)]
    return value.reshape(shape[::-1])


CAPTURE = Capture(
    functions={
        Tensor.__getitem__: get,
        Tensor.__setitem__: put,
        torch.narrow: narrow,
        Tensor.narrow: narrow,
        torch.select: select,
        Tensor.select: select,
    }
)
