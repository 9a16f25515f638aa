"""Loops over a live number of things, and lists that such a loop has filled.

`range`, `enumerate`, `zip` and `reversed` are calls into C that ask for the number itself. With a live one they become
something that a `for` statement of the model's source knows how to repeat (see `capture/loops.py`). What the loop
appends to a list is joined by `torch.cat` and `torch.stack`; `len` of such a list is live.
"""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Callable
from functools import reduce
from typing import Any

import torch

from pliant.capture.base import Capture, families
from pliant.capture.gathered import Gathered, holds_gathered, length
from pliant.capture.live.choices import both, choose, either, is_live, truth_of
from pliant.capture.live.numbers import number, total
from pliant.capture.loops import Loops
from pliant.capture.paths import current
from pliant.capture.repeated import Repeated, chained, repeated, things


def to_range(*bounds: Any) -> Any:
    """`range`."""
    values = [number(b) for b in bounds]
    if not any(is_live(v) for v in values):
        return builtins.range(*values)
    start, stop, step = (0, values[0], 1) if len(values) == 1 else (*values, 1)[:3]
    up, down = -((start - stop) // step), -((stop - start) // -step)  # rounded up, as `range` does
    forwards: Any = step > 0
    count = choose(forwards, up, down) if isinstance(forwards, torch.SymBool) else up if forwards else down
    return Repeated(torch.sym_max(count, 0), lambda k: start + k * step)


def to_enumerate(iterable: Any, start: Any = 0) -> Any:
    """`enumerate`."""
    live = things(iterable)
    if live is None:
        return builtins.enumerate(iterable, start) if not is_live(start) else zip_live(iterable, start)
    return Repeated(live.count, lambda k: (start + k, live.item(k)))


def zip_live(iterable: Any, start: Any) -> list[Any]:
    """`enumerate` from a live number."""
    return [(start + k, item) for k, item in builtins.enumerate(iterable)]


def to_zip(*iterables: Any, **named: Any) -> Any:
    """`zip`; live ranges beside one another."""
    found = [things(i) for i in iterables]
    if not any(found):
        return builtins.zip(*iterables, **named)  # noqa: B905 - `strict` is the caller's
    parts = [repeated(i) if live is None else live for i, live in builtins.zip(iterables, found, strict=True)]
    count = parts[0].count
    for other in parts[1:]:
        count = torch.sym_min(count, other.count)
    return Repeated(count, lambda k: tuple(part.item(k) for part in parts))


def to_reversed(sequence: Any) -> Any:
    """`reversed`."""
    live = things(sequence)
    return builtins.reversed(sequence) if live is None else live.part(None, None, -1)


def to_len(value: Any) -> Any:
    """`len`."""
    if isinstance(value, Repeated):
        return value.count
    if isinstance(value, torch.Tensor):
        return value.shape[0]
    return length(value) if holds_gathered(value) else builtins.len(value)


def to_sum(values: Any, start: Any = 0) -> Any:
    """`sum`; of a list that a live loop has filled too."""
    if not holds_gathered(values):
        return total(values, start)
    result = start
    for value in values:
        result = result + (value.joined(0, stacked=True).sum(0) if isinstance(value, Gathered) else value)
    return result


def product(*iterables: Any, repeat: int = 1) -> Any:
    """`itertools.product`; the last one runs fastest."""
    given = list(iterables) * repeat
    if not any(isinstance(i, Repeated) for i in given):
        return itertools.product(*given)
    parts = [repeated(i) for i in given]
    count: Any = 1
    for part in parts:
        count = count * part.count

    def item(k: Any) -> tuple[Any, ...]:
        found: list[Any] = []
        for part in reversed(parts):
            found.append(part.item(k % part.count))
            k = k // part.count
        return tuple(reversed(found))

    return Repeated(count, item)


def chain(*iterables: Any) -> Any:
    """`itertools.chain`."""
    if not any(isinstance(i, Repeated) for i in iterables):
        return itertools.chain(*iterables)
    return reduce(chained, [repeated(i) for i in iterables])


def to_filter(function: Any, values: Any) -> Any:
    """`filter`, which decides on live truths."""
    if function is not None:
        function = families().instead_of(function)
    kept = ((v, v if function is None else function(v)) for v in values)
    return (v for v, truth in kept if (current().truth(truth) if is_live(truth) else truth))


def to_all(values: Any) -> Any:
    """`all`; every truth is asked for, live ones become one."""
    result: Any = True
    for value in values:
        result = both(result, truth_of(value))
    return result if is_live(result) else bool(result)


def to_any(values: Any) -> Any:
    """`any`."""
    result: Any = False
    for value in values:
        result = either(result, truth_of(value))
    return result if is_live(result) else bool(result)


def to_list(value: Any = ()) -> Any:
    """`list`; that of a live range is as good as the range where it is looped over."""
    return value if isinstance(value, Repeated) else builtins.list(value)


def to_tuple(value: Any = ()) -> Any:
    """`tuple`."""
    return value if isinstance(value, Repeated) else builtins.tuple(value)


def joined(function: Callable[..., Any], *, stacked: bool) -> Callable[..., Any]:
    """`torch.cat` or `torch.stack`, whichever `function` is. Torch checks the elements before a mode sees the call."""

    def replacement(tensors: Any, *place: Any, **named: Any) -> Any:
        if isinstance(tensors, Repeated):
            tensors = Loops(current()).gathered(tensors)
        if not holds_gathered(tensors):
            return function(tensors, *place, **named)
        dim = place[0] if place else named.pop("axis", named.pop("dim", 0))
        whole: list[torch.Tensor] = []
        for tensor in tensors:
            if isinstance(tensor, Gathered):
                whole.append(tensor.joined(dim, stacked=stacked))
            else:
                whole.append(tensor.unsqueeze(dim) if stacked else tensor)
        return whole[0] if len(whole) == 1 else torch.cat(whole, dim, **named)

    return replacement


CALLS: dict[Callable[..., Any], Callable[..., Any]] = {
    function: joined(function, stacked=function is torch.stack)
    for function in (torch.cat, torch.concat, torch.concatenate, torch.stack)
}
CAPTURE = Capture(
    calls={
        range: to_range,
        enumerate: to_enumerate,
        zip: to_zip,
        reversed: to_reversed,
        len: to_len,
        sum: to_sum,
        all: to_all,
        any: to_any,
        list: to_list,
        tuple: to_tuple,
        filter: to_filter,
        itertools.product: product,
        itertools.chain: chain,
        **CALLS,
    }
)
