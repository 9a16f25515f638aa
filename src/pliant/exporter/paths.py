"""The way of a live value through a traced program, in source lines and formulas.

Works on a whole `ExportedProgram` and on what was traced before a failure: both are graphs whose nodes remember the
line they were made by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Graph, Node

from pliant.capture.places import place, users_own
from pliant.contract import Input
from pliant.exporter.formulas import Symbols, symbols_of

NUMBERS = (torch.SymInt, torch.SymFloat, torch.SymBool)


@dataclass(frozen=True)
class Step:
    """What one source line makes of a value.

    `line` is "file:line: source". `formula` is the number that it makes, empty if that is a tensor.
    """

    line: str
    formula: str = ""


@dataclass(frozen=True)
class Path:
    """From arguments (and live axes) by name to a use, through `steps` in the order in which they ran."""

    origins: tuple[str, ...]
    steps: tuple[Step, ...]


class Traced:
    """A traced graph, whole or not, and what its symbols stand for. `nodes` are the placeholders of `inputs`."""

    def __init__(self, graph: Graph, inputs: Sequence[Input]) -> None:
        placeholders = [node for node in graph.nodes if node.op == "placeholder"]
        self.graph = graph
        self.inputs = inputs
        self.nodes: list[Node] = placeholders[len(placeholders) - len(inputs) :]
        self.symbols: Symbols = symbols_of(graph, self.nodes, inputs)

    def read(self, number: Any) -> str:
        """A live number as a formula over the contract's names; anything else as Python shows it."""
        return self.symbols.read(number.node.expr) if isinstance(number, NUMBERS) else repr(number)

    def making(self, expression: Any) -> list[Node]:
        """The node that makes the number with this expression; those that make its symbols if there is none."""
        made = {str(v.node.expr): n for n in self.graph.nodes if isinstance(v := n.meta.get("val"), NUMBERS)}
        if str(expression) in made:
            return [made[str(expression)]]
        symbols = sorted(str(s) for s in getattr(expression, "free_symbols", ()))
        return [made[s] for s in symbols if s in made]

    def path(self, uses: Iterable[Node], expressions: Iterable[Any] = ()) -> Path:
        """The way to the nodes `uses`, and to the lengths in `expressions`."""
        passed: set[Node] = set()
        pending = list(uses)
        while pending:
            node = pending.pop()
            if node not in passed:
                passed.add(node)
                pending += node.all_input_nodes if not _is_length(node) else []
        origins = [entry.name for node, entry in zip(self.nodes, self.inputs, strict=True) if node in passed]
        lengths = [str(n.meta["val"].node.expr) for n in passed if _is_length(n) and isinstance(n.meta["val"], NUMBERS)]
        lengths += [str(s) for e in expressions for s in getattr(e, "free_symbols", ())]
        axes = sorted({self.symbols.names[s] for s in lengths if s in self.symbols.axes})
        return Path((*origins, *axes), self._steps(node for node in self.graph.nodes if node in passed))

    def _steps(self, nodes: Iterable[Node]) -> tuple[Step, ...]:
        lines: dict[str, list[Node]] = {}
        for node in nodes:
            if line := users_place(node):
                lines.setdefault(line, []).append(node)
        return tuple(
            Step(line, ", ".join(dict.fromkeys(self.read(n.meta["val"]) for n in finals(made))))
            for line, made in lines.items()
        )


def finals(nodes: Sequence[Node]) -> list[Node]:
    """Of the nodes of one source line, the live numbers that the line does not itself use to make another."""
    inside = {n for node in nodes if isinstance(node.meta.get("val"), NUMBERS) for n in node.all_input_nodes}
    return [node for node in nodes if isinstance(node.meta.get("val"), NUMBERS) and node not in inside]


def users_place(node: Node) -> str:
    """ "file:line: source" of the innermost frame in the user's own code that made a node, or an empty text."""
    file, line = users_line(node)
    return place(file, line) if file else ""


def users_line(node: Node) -> tuple[str, int]:
    """The file and line of that frame; an empty text and 0 if there is none."""
    trace = node.meta.get("stack_trace") or node.stack_trace or ""
    frames = re.findall(r'File "([^"]+)", line (\d+)', trace)
    return next(((name, int(line)) for name, line in reversed(frames) if users_own(name)), ("", 0))


def _is_length(node: Node) -> bool:
    return "sym_size" in str(node.target) or "sym_numel" in str(node.target)
