"""What a rule is: one rewrite of one node, and how rules are applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from pliant.lowering.builder import Builder, replace
from pliant.lowering.dialect import Dialect, key_of
from pliant.registry import load, names

FAMILY = "pliant.lowering.rules"
ROUNDS = 20  # a rule may write nodes that need a rule themselves; this many times, then the check tells what is left


@dataclass(frozen=True)
class Rule:
    """A rewrite of one node into what an engine has, with the same result.

    `operators` are the nodes it is for: ONNX operators, or functions as "domain::name", "*" at the end for any rest.
    `reason` says in a sentence why an engine needs it. `check` gives None where the rewrite is exact for this node and
    dialect, else a phrase. `rewrite` writes the new nodes and gives the values that stand for the outputs.
    """

    operators: tuple[str, ...]
    reason: str
    rewrite: Callable[[ir.Node, Builder], Sequence[ir.Value]]
    check: Callable[[ir.Node, Dialect], str | None] = lambda node, dialect: None

    def matches(self, node: ir.Node) -> bool:
        """Whether the rule is for operators of this name."""
        key = key_of(node)
        return any(key == op or (op.endswith("*") and key.startswith(op[:-1])) for op in self.operators)


def rules() -> list[Rule]:
    """All rules, in the order of their file names."""
    return [load(FAMILY, name, "RULE", extra="lowering") for name in names(FAMILY)]


def apply(graph: ir.Graph, dialect: Dialect, nodes: Collection[ir.Node]) -> bool:
    """Rewrite those of `nodes` that `dialect` objects to and a rule is for; whether anything was rewritten."""
    known, changed = rules(), False
    for node in list(nodes):
        if node.graph is None or dialect.objection(node) is None:  # a rule for another node may have removed it
            continue
        rule = next((r for r in known if r.matches(node) and r.check(node, dialect) is None), None)
        if rule is not None:
            replace(node, *rule.rewrite(node, Builder(graph, node)))
            changed = True
    return changed
