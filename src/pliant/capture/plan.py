"""What an iteration of a live loop shows about the variables that it changes; see `loops.py`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from pliant.capture.live.choices import is_live, same
from pliant.capture.merging import UNBOUND
from pliant.capture.paths import Undecidable

Key = str  # where a part stands in the variables: a variable's name and the path into its value


@dataclass(frozen=True)
class Plan:
    """What attempts have found out."""

    constant: frozenset[Key] = frozenset()  # never changed by an iteration
    varying: frozenset[tuple[Key, int]] = frozenset()  # an axis that is of another length after an iteration
    floats: frozenset[Key] = frozenset()  # whole numbers that become fractions
    growing: frozenset[str] = frozenset()  # lists that iterations append to
    shared: frozenset[str] = frozenset()  # further variables, with tensors that are changed in place
    peeled: bool = False  # the first iteration is on its own


class Again(Exception):  # noqa: N818 - a message from an attempt to its loop
    """The attempt was made on a wrong plan; `plan` is better."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


@dataclass(frozen=True)
class Comparison:
    """The variables after an iteration beside what it found.

    The attempt was made on the supposition that `supposed` is complete; `keys` are the parts that were carried, and
    `changed` the identities of tensors that were changed in place.
    """

    supposed: Plan
    keys: Collection[Key]
    changed: Collection[int]

    def peeled(self, plan: Plan, name: str, old: Any, new: Any) -> Plan:
        if self.supposed.peeled:
            kinds = ["nothing" if v is UNBOUND else type(v).__name__ for v in (old, new)]
            raise Undecidable(f"the variable {name!r} is {kinds[0]} before an iteration and {kinds[1]} after it")
        return replace(plan, peeled=True)

    def compared(self, plan: Plan, name: str, old: Any, new: Any) -> Plan:
        olds, spec = pytree.tree_flatten_with_path(old)
        news, new_spec = pytree.tree_flatten_with_path(new)
        if spec != new_spec:
            if isinstance(old, list) and isinstance(new, list) and _extends(new, old):
                return replace(plan, growing=plan.growing | {name})
            return self.peeled(plan, name, old, new)
        for (path, a), (_, b) in zip(olds, news, strict=True):
            plan = self._compare_part(plan, name, name + pytree.keystr(path), a, b)
        return plan

    def _compare_part(self, plan: Plan, name: str, key: Key, old: Any, new: Any) -> Plan:
        carried = key in self.keys
        if not carried:
            if old is new or (number_kind(old) is not None and number_kind(new) is not None and same(old, new)):
                return plan
            if key in plan.constant and number_kind(old) is not None:
                return replace(plan, constant=plan.constant - {key})
            return self.peeled(plan, name, old, new)
        if old is new and id(old) not in self.changed:
            return replace(plan, constant=plan.constant | {key})
        if isinstance(old, Tensor) and isinstance(new, Tensor):
            return self._compare_tensors(plan, name, key, old, new)
        kinds = number_kind(old), number_kind(new)
        if isinstance(old, Tensor) or None in kinds:
            return self.peeled(plan, name, old, new)
        if same(old, new):
            return replace(plan, constant=plan.constant | {key})
        return replace(plan, floats=plan.floats | {key}) if kinds == (torch.int64, torch.float64) else plan

    def _compare_tensors(self, plan: Plan, name: str, key: Key, old: Tensor, new: Tensor) -> Plan:
        if old.dtype != new.dtype or old.dim() != new.dim():
            return self.peeled(plan, name, old, new)
        for axis, (a, b) in enumerate(zip(old.shape, new.shape, strict=True)):
            if (key, axis) in plan.varying or same(a, b):
                continue
            if not is_live(a) and a == 1 and not self.supposed.peeled:
                return replace(plan, peeled=True)  # a single element that is spread over the others once
            plan = replace(plan, varying=plan.varying | {(key, axis)})
        return plan


def number_kind(value: Any) -> torch.dtype | None:
    """The dtype that holds a number; None if `value` is none."""
    if isinstance(value, (bool, torch.SymBool)):
        return torch.bool
    if isinstance(value, (int, torch.SymInt)):
        return torch.int64
    return torch.float64 if isinstance(value, (float, torch.SymFloat)) else None


def _extends(new: list[Any], old: list[Any]) -> bool:
    return len(new) > len(old) and all(a is b for a, b in zip(old, new, strict=False))
