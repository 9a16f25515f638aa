"""Axes that tracing took for equal although the contract gives them different names.

`a + b` makes PyTorch assume that both pictures have one size, and so does `if a.shape == b.shape`. The first is what
the model needs, and the contract should say so by giving both axes one name; the second is a branch that was frozen.
Eager PyTorch knows the difference: it refuses unequal lengths in the first case and computes something in the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy

from pliant.contract import Contract
from pliant.exporter.formulas import Symbols
from pliant.exporter.guards import Guard


def ties(contract: Contract, symbols: Symbols) -> list[tuple[str, ...]]:
    """Names of live axes that share one length in the trace, in groups of two or more."""
    groups: list[tuple[str, ...]] = []
    for axes in symbols.axes.values():
        names = dict.fromkeys(contract.inputs[k].dims[axis].name or "" for k, axis in axes)
        if len(names) > 1:
            groups.append(tuple(names))
    return groups


def unequal(group: tuple[str, ...], example: dict[str, int]) -> Iterator[dict[str, int]]:
    """Lengths of all live axes with one axis of `group` at a time unlike the others, but never 1, which broadcasts."""
    for name in group[1:]:
        for length in (example[name] + 1, example[name] + 3, 2 * example[name]):
            yield example | {name: length}


def culprit(group: tuple[str, ...], all_guards: list[Guard], known: set[str]) -> Guard | None:
    """The guard in the user's source that tied the axes: an equation with a symbol that is in no input any more."""
    for guard in all_guards:
        gone = {str(s) for s in guard.condition.free_symbols} - known
        if guard.line and gone and isinstance(guard.condition, sympy.Eq):
            return replace(guard, text=" = ".join(group))
    return None


def tied(contract: Contract, group: tuple[str, ...]) -> Contract:
    """The contract with the first name of `group` for all its axes."""
    first, *others = group
    inputs = tuple(
        replace(entry, dims=tuple(replace(d, name=first) if d.name in others else d for d in entry.dims))
        for entry in contract.inputs
    )
    return replace(contract, inputs=inputs)
