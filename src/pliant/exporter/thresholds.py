"""The constants at which a model changes its way: those that its live values are compared with.

`min(f, 4)`, `max(f, 1.2)`, `2 * f > 3` and the conditions of `If` nodes are nodes of the traced program. The file is
tried just below, at and just above where each of them changes.
"""

from __future__ import annotations

import operator
from typing import Any

import sympy
import torch
from torch.export import ExportedProgram
from torch.fx import Node

from pliant.exporter.formulas import Symbols

COMPARISONS = frozenset(
    {
        operator.lt,
        operator.le,
        operator.gt,
        operator.ge,
        operator.eq,
        operator.ne,
        torch.sym_min,
        torch.sym_max,
    }
)


def thresholds(program: ExportedProgram, symbols: Symbols) -> list[tuple[str, float]]:
    """(name of a live value, where a comparison of it changes), each once, in order of the program.

    For a straight line over one value, `2 * f > 3`, that is where it crosses; for any other formula over one value it
    is the number that it is compared with, a guess. Comparisons of several values are left out.
    """
    found: dict[tuple[str, float], None] = {}
    for node in program.graph.nodes:
        if node.target in COMPARISONS and len(node.args) == 2:
            difference = _expression(node.args[0]) - _expression(node.args[1])
            free = sorted(difference.free_symbols, key=str)
            if len(free) == 1 and str(free[0]) in symbols.names and str(free[0]) not in symbols.axes:
                numbers = [float(a) for a in node.args if isinstance(a, (int, float))]
                root = _root(difference, free[0])
                for constant in numbers if root is None else [root]:
                    found[(symbols.names[str(free[0])], constant)] = None
    return list(found)


def _expression(argument: Any) -> Any:
    if isinstance(argument, Node):
        value = argument.meta.get("val")
        node = getattr(value, "node", None)
        return sympy.nan if node is None else node.expr
    return sympy.sympify(argument)


def _root(line: Any, symbol: Any) -> float | None:
    """Where a straight line is zero; None if it is none."""
    try:
        a, b, c = (float(line.xreplace({symbol: sympy.Integer(n)})) for n in (1, 2, 3))
    except (TypeError, ValueError, ArithmeticError, AssertionError):
        return None
    slope = b - a
    if not slope or abs(c - b - slope) > 1e-9 * max(abs(a), abs(c)):
        return None
    return 1 - a / slope
