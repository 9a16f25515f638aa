"""One attempt to trace an iteration of a live loop; see `loops.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from pliant.capture.changes import Changes
from pliant.capture.gathered import Gathered, agreed
from pliant.capture.live.choices import (
    as_int,
    as_number,
    both,
    new_symbols,
    opposite,
    set_example,
    truth_of,
)
from pliant.capture.merging import UNBOUND
from pliant.capture.paths import Paths, Undecidable
from pliant.capture.plan import Again, Comparison, Key, Plan, number_kind
from pliant.capture.state import State, fill
from pliant.operators import sequence as sequences
from pliant.operators import structure as ops


@dataclass(frozen=True)
class Loop:
    """A loop of the model: `body` runs iteration number k and returns whether to `break`, `test` is a `while`'s.

    `block` is the function whose variables are changed, `names` are those, `kept` those that are used elsewhere too.
    """

    block: Any  # a function; typed as one it would be taken for a method
    body: Callable[[Any], Any]
    test: Any
    names: Sequence[str]
    kept: Sequence[str]


@dataclass
class _Part:
    """A tensor or number that iterations change.

    `before` is what it is before the loop, `marker` what stands for it in an iteration; `axes` are the positions of
    the numbers that hold its varying lengths.
    """

    position: int
    before: Tensor
    marker: Any
    axes: dict[int, int]
    after: Tensor | None = None
    in_place: bool = False


class Attempt:
    """Attempt `number`, on the supposition that `plan` is complete; `before` is the state before the loop."""

    def __init__(self, paths: Paths, loop: Loop, number: int, plan: Plan, before: State) -> None:
        self.paths, self.loop, self.number, self.plan, self.before = paths, loop, number, plan, before
        self.parts: list[_Part] = []
        self.named: dict[Key, _Part] = {}
        self.is_new = new_symbols()

    def run(self, times: Any, first: Any, offset: int) -> None:
        """Trace an iteration and put the results of the loop into the model's variables.

        Raises Again if the plan was not complete; then nothing is changed that a restored state does not mend.
        """
        start = self._begin()
        lists = {name: list(start.pop(name)) for name in self.plan.growing}
        for name, elements in lists.items():
            fill(self.before.cells[name], list(elements))
        index = set_example(ops.iteration(torch.zeros(()), self.number).item(), 0) + offset
        inside = State.of(self.loop.block, self.paths.modules)
        versions = inside.versions()
        changes = Changes()
        self.paths.changes.append(changes)
        try:
            self._trace(index, inside, versions, changes, start, lists, (times, first))
        except BaseException:
            changes.take_back()
            raise
        finally:
            del self.paths.changes[self.paths.changes.index(changes) :]

    def _trace(
        self,
        index: Any,
        inside: State,
        versions: dict[int, Any],
        changes: Changes,
        start: dict[str, Any],
        lists: dict[str, list[Any]],
        control: tuple[Any, Any],
    ) -> None:
        times, first = control
        stop = truth_of(self.paths.fork(self.loop.block, lambda: self.loop.body(index)))
        again = opposite(stop)
        if self.loop.test is not None:
            again = both(again, truth_of(self.paths.fork(self.loop.test)))
        after = inside.now()
        end = {name: after.values[name] for name in start}
        appended = {name: list(after.values[name])[len(elements) :] for name, elements in lists.items()}
        self._check(start, end, inside, after, versions)
        self._check_aliases(inside, versions, changes)
        count = times if self.loop.test is None and again is True else None
        self._finish(start, end, lists, appended, (times, first, again, count))

    # before the iteration

    def _begin(self) -> dict[str, Any]:
        """Put markers into the variables; returns what is in them then."""
        start: dict[str, Any] = {}
        for name in dict.fromkeys([*self.loop.names, *sorted(self.plan.shared)]):
            value = self.before.values.get(name, UNBOUND)
            if name not in self.before.cells or value is UNBOUND:
                continue
            if name in self.plan.growing:
                start[name] = value
                continue
            start[name] = self._marked(name, value)
            fill(self.before.cells[name], _copied(start[name]))
        return start

    def _marked(self, name: str, value: Any) -> Any:
        leaves, spec = pytree.tree_flatten_with_path(value)
        return spec.unflatten([self._mark(name + pytree.keystr(path), leaf) for path, leaf in leaves])

    def _mark(self, key: Key, value: Any) -> Any:
        if key in self.plan.constant:
            return value
        if isinstance(value, Tensor):
            return self._add(key, value, list(value.shape))
        kind = number_kind(value)
        if kind is None:
            return value
        if kind is torch.int64 and key in self.plan.floats:
            kind, value = torch.float64, torch.sym_float(value)
        return self._add(key, value, [], kind)

    def _add(self, key: Key, value: Any, lengths: list[Any], dtype: torch.dtype | None = None) -> Any:
        """A variable of the loop; returns what stands for it in an iteration."""
        axes: dict[int, int] = {}
        for axis in range(len(lengths)):
            if (key, axis) in self.plan.varying:
                axes[axis] = len(self.parts)
                lengths[axis] = self._add("", lengths[axis], [], torch.int64)
        before = value if dtype is None else torch.scalar_tensor(cast(float, as_number(value)), dtype=dtype)
        marker: Any = ops.carried(before, lengths, self.number, len(self.parts))
        if dtype is not None:
            marker = set_example(marker.item(), value)
        part = _Part(len(self.parts), before, marker, axes)
        self.parts.append(part)
        if key:
            self.named[key] = part
        return marker

    # after the iteration

    def _check(
        self, start: dict[str, Any], end: dict[str, Any], inside: State, after: State, versions: dict[int, Any]
    ) -> None:
        """Raise Again if the iteration shows that the plan is not complete."""
        plan = self.plan
        changed = {i for i, (tensor, version) in versions.items() if tensor._version != version}
        comparison = Comparison(plan, self.named, changed)
        for name, value in inside.values.items():
            if isinstance(value, Tensor) and id(value) in changed and name not in start:
                plan = replace(plan, shared=plan.shared | {name})
        for name in self.loop.kept:
            if name in inside.values and inside.values[name] is UNBOUND and after.values[name] is not UNBOUND:
                plan = comparison.peeled(plan, name, UNBOUND, after.values[name])
        for name, old in start.items():
            plan = comparison.compared(plan, name, old, end[name])
        if plan != self.plan:
            raise Again(plan)
        self._check_attributes(inside, after)

    def _check_aliases(self, inside: State, versions: dict[int, Any], changes: Changes) -> None:
        """A tensor that iterations change in place must be in one variable of the function, and in nothing else."""
        shown = {id(v): n for n, v in inside.values.items() if isinstance(v, Tensor)}
        for key, (tensor, _) in changes.before.items():
            if key not in shown and not any(part.marker is tensor for part in self.parts):
                raise Undecidable("a tensor that is in no variable of this function is changed in place by a live loop")
        for part in self.parts:
            if (
                isinstance(part.marker, Tensor)
                and versions.get(id(part.marker), (0, part.marker._version))[1] != part.marker._version
            ):
                part.in_place = True
                memory = part.before.untyped_storage()._cdata
                others = [n for n, v in self.before.values.items() if _shows(v, part.before, memory)]
                if others:
                    raise Undecidable(f"a tensor that {others[0]!r} shows too is changed in place by a live loop")

    def _check_attributes(self, inside: State, after: State) -> None:
        """Containers that were there before the loop are no variables of it: those of variables have been copied."""
        shared = {id(container) for container in self.before.containers}
        for container, old, new in zip(inside.containers, inside.contents, after.contents, strict=True):
            if id(container) not in shared:
                continue
            if isinstance(container, list) and not _alike(old, new):
                raise Undecidable("a list that a live loop changes has to be changed where the loop is")
            if isinstance(container, dict) and any(new[k] is not old.get(k, UNBOUND) for k in new):
                names = [k for k in new if new[k] is not old.get(k, UNBOUND)]
                raise Undecidable(f"{names[0]!r}, which is no variable of this function, is changed by a live loop")

    # results

    def _finish(
        self,
        start: dict[str, Any],
        end: dict[str, Any],
        lists: dict[str, list[Any]],
        appended: dict[str, list[Any]],
        control: tuple[Any, Any, Any, Any],
    ) -> None:
        times, first, again, count = control
        for key, part in self.named.items():
            self._end(part, _at(end, key))
        if lists and count is None:
            count = self._sum(1)
        sums = {name: self._gather(appended[name], count) for name in lists}
        handle = ops.loop(
            -1 if times is None else times,
            as_int(first),
            as_int(again),
            [p.before.clone() if p.in_place else p.before for p in self.parts],
            [cast(Tensor, p.after) for p in self.parts],
            self.number,
        )
        results: dict[int, Any] = {}
        for part in self.parts:
            lengths = [
                results[part.axes[k]] if k in part.axes else length for k, length in enumerate(part.before.shape)
            ]
            tensor = ops.result(handle, part.before, lengths, self.number, part.position)
            if part.in_place and not part.axes:  # whoever sees the tensor by another name sees the change
                self.paths.will_change(part.before)
                tensor = part.before.copy_(tensor)
            results[part.position] = tensor if isinstance(part.marker, Tensor) else tensor.item()
        self._put(start, lists, sums, results)

    def _end(self, part: _Part, value: Any) -> None:
        """What an iteration leaves in a part, as a tensor."""
        if isinstance(part.marker, Tensor):
            part.after = value
            for axis, position in part.axes.items():
                self.parts[position].after = torch.scalar_tensor(cast(float, value.shape[axis]), dtype=torch.int64)
        else:
            part.after = torch.scalar_tensor(cast(float, as_number(value)), dtype=part.before.dtype)

    def _sum(self, amount: Any) -> _Part:
        """A number that grows by `amount` with each iteration, from 0."""
        marker = self._add("", 0, [], torch.int64)
        part = self.parts[-1]
        part.after = torch.scalar_tensor(cast(float, marker + amount), dtype=torch.int64)
        return part

    def _gather(self, elements: list[Any], count: Any) -> Callable[[dict[int, Any]], Gathered]:
        """Keep what was appended to a list; returns what makes the list's new element from the loop's results."""
        if not elements or not all(isinstance(e, Tensor) and e.dim() == elements[0].dim() for e in elements):
            raise Undecidable("a live loop can append tensors of one rank to a list, and nothing else")
        tensors: list[Tensor] = elements
        empty = sequences.sequence_empty(tensors[0])
        marker = ops.carried(empty, [0], self.number, len(self.parts))
        part = _Part(len(self.parts), empty, marker, {})
        self.parts.append(part)
        part.after = marker
        for tensor in tensors:
            part.after = sequences.sequence_insert(part.after, tensor)
        common = agreed([t.shape for t in tensors])
        fixed = tuple(None if length is None or self.is_new(length) else length for length in common)
        sums: list[Any] = []
        for axis, length in enumerate(fixed):
            total = sum((t.shape[axis] for t in tensors[1:]), start=tensors[0].shape[axis])
            sums.append(self._sum(total) if length is None else length * len(tensors))

        def element(results: dict[int, Any]) -> Gathered:
            times = results[count.position] if isinstance(count, _Part) else count
            totals = tuple(results[s.position] if isinstance(s, _Part) else s * times for s in sums)
            return Gathered(results[part.position], times * len(tensors), fixed, totals)

        return element

    def _put(
        self, start: dict[str, Any], lists: dict[str, list[Any]], sums: dict[str, Any], results: dict[int, Any]
    ) -> None:
        for name, value in start.items():
            leaves, spec = pytree.tree_flatten_with_path(value)
            found = [(self.named.get(name + pytree.keystr(path)), leaf) for path, leaf in leaves]
            made = spec.unflatten([leaf if part is None else results[part.position] for part, leaf in found])
            target = self.before.values[name]
            if isinstance(target, list):  # whoever sees the list by another name sees the change
                target[:] = made
            fill(self.before.cells[name], target if isinstance(target, list) else made)
        for name, elements in lists.items():
            target = self.before.values[name]
            target[:] = [*elements, sums[name](results)]
            fill(self.before.cells[name], target)
        for name, cell in self.before.cells.items():
            if name in self.loop.names and name not in start and name not in lists:
                fill(cell, self.before.values[name])


def _copied(value: Any) -> Any:
    """The same parts in containers of their own, which an iteration may change."""
    leaves, spec = pytree.tree_flatten(value)
    return spec.unflatten(leaves)


def _shows(value: Any, tensor: Tensor, memory: int) -> bool:
    """Whether a variable holds another tensor in the same memory, or the same tensor in a list."""
    if isinstance(value, Tensor):
        return value is not tensor and value.untyped_storage()._cdata == memory
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return any(isinstance(v, Tensor) and v.untyped_storage()._cdata == memory for v in parts)


def _alike(old: list[Any], new: list[Any]) -> bool:
    return len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True))


def _at(end: dict[str, Any], key: Key) -> Any:
    for name, value in end.items():
        if key.startswith(name):
            for path, leaf in pytree.tree_flatten_with_path(value)[0]:
                if name + pytree.keystr(path) == key:
                    return leaf
    raise KeyError(key)
