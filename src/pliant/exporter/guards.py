"""The assumptions about lengths that tracing made, and lengths that break them.

When a model's Python code, or PyTorch below it, branches on a shape, tracing follows the branch of the example and
leaves a guard: a condition on the symbols of the trace. Nothing of it remains in the ONNX file. Most guards are
harmless (memory layout), some are not (`if h % 4`); which is which shows when the file is run at a length that
breaks the guard.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
import torch
from torch.export import ExportedProgram

from pliant.capture.paths import Assumption
from pliant.capture.places import place, users_own
from pliant.exporter.formulas import Symbols
from pliant.operators.renamed import guards_of, meanings

LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 15, 16, 17, 19, 23, 24, 31, 32, 33, 48, 63, 64, 65)
FEWER = (1, 2, 3, 5, 7, 8, 13, 16, 31, 64)  # for guards on several lengths at once
LONGEST = 2000  # a longer side would make the check slow
MOST_TRIED = 150  # combinations for a guard on three lengths or more
AREA = 512 * 512


@dataclass(frozen=True)
class Guard:
    """A condition that held while tracing. `line` is where, `text` is the condition in the contract's words."""

    condition: Any
    line: str
    text: str


def shape_environment(program: ExportedProgram) -> Any:
    """PyTorch's record of the symbols of a trace, or None if nothing was symbolic."""
    for node in program.graph.nodes:
        value = node.meta.get("val")
        lengths = value.shape if isinstance(value, torch.Tensor) else (value,)
        for length in lengths:
            if isinstance(length, (torch.SymInt, torch.SymFloat)):
                return length.node.shape_env
    return None


def guards(program: ExportedProgram, symbols: Symbols) -> list[Guard]:
    """All guards of a trace, those in the user's own source first."""
    environment = shape_environment(program)
    found: dict[str, Guard] = {}
    known = meanings(environment)
    for guard in guards_of(environment) if environment is not None else ():
        line, condition = _line(guard.sloc), guard.expr.xreplace(known)
        if str(condition) not in found or line:
            found[str(condition)] = Guard(condition, line, symbols.read(condition))
    return sorted(found.values(), key=lambda g: not g.line)


def left_out(assumptions: Sequence[Assumption], symbols: Symbols) -> list[Guard]:
    """Ways of the model that could not be traced, as guards: the file is right where they are not taken."""
    found: list[Guard] = []
    for assumption in assumptions:
        condition = assumption.condition if assumption.answer else sympy.Not(assumption.condition)
        text = f"{symbols.read(condition)}; the other way could not be traced: {assumption.reason}"
        found.append(Guard(condition, place(*assumption.line), text))
    return found


def _line(location: Any) -> str:
    """Where a guard comes from, if that is in the user's own source."""
    frame = getattr(location, "maybe_user_loc", None) or getattr(location, "framework_loc", None)
    filename = getattr(frame, "filename", "")
    return place(filename, getattr(frame, "lineno", 0)) if filename and users_own(filename) else ""


def breaking(guard: Guard, base: dict[str, int]) -> Iterator[dict[str, int]]:
    """Lengths by symbol that break `guard`, those nearest to `base` first: the model is likely to accept them.

    `base` gives the lengths of the example, also for what the guard does not mention. Nothing is produced for a guard
    on live values, or one that no tried length breaks.
    """
    free = sorted(guard.condition.free_symbols, key=str)
    if not free or not {str(s) for s in free} <= set(base):
        return
    centre = [base[str(s)] for s in free]
    numbers = {int(n) for n in guard.condition.atoms(sympy.Integer)}
    near = {n + d for n in (*numbers, *centre) for d in (-1, 0, 1) if 0 < n + d <= LONGEST}
    tried = _tried(sorted({*(LENGTHS if len(free) == 1 else FEWER), *near}), centre)
    tried.sort(key=lambda chosen: sum(abs(n - c) for n, c in zip(chosen, centre, strict=True)))
    for lengths in tried if len(free) <= 2 else tried[:MOST_TRIED]:
        drawn = base | {str(s): length for s, length in zip(free, lengths, strict=True)}
        if max(drawn.values()) * min(drawn.values()) > AREA:
            continue
        if not _holds(guard, dict(zip(free, lengths, strict=True))):
            yield drawn


def _tried(known: Sequence[int], centre: Sequence[int]) -> list[tuple[int, ...]]:
    """Lengths for each symbol: all combinations of two of them, the others as they are in the example."""
    if len(centre) <= 2:
        return list(itertools.product(known, repeat=len(centre)))
    found: dict[tuple[int, ...], None] = {}
    for i, j in itertools.combinations(range(len(centre)), 2):
        for a, b in itertools.product(known, repeat=2):
            found[tuple(a if k == i else b if k == j else c for k, c in enumerate(centre))] = None
    return list(found)


def smallest_holding(guard: Guard) -> int | None:
    """The least length from which on `guard` holds for every length tried; None if there is none below 64.

    `guard` has exactly one symbol.
    """
    (symbol,) = guard.condition.free_symbols
    numbers = {int(n) + d for n in guard.condition.atoms(sympy.Integer) for d in (-1, 0, 1)}
    failing = [n for n in sorted({*range(1, 200), *numbers} - {0}) if n > 0 and not _holds(guard, {symbol: n})]
    least = max(failing, default=0) + 1
    return least if least <= 64 else None


def _holds(guard: Guard, lengths: dict[Any, int]) -> bool:
    try:
        return guard.condition.xreplace({s: sympy.Integer(n) for s, n in lengths.items()}) != sympy.false
    except (ArithmeticError, TypeError, ValueError, AssertionError):
        return True  # outside what the formula is defined for
