"""Statements in terms of simpler ones, before anything else is done to the source.

`for ... else` becomes a loop that notes its `break`, and an `if` behind it; `while True` with a `break` amid its body
becomes a loop with a condition; `match` becomes a chain of `if` where its patterns are such that Python would compare
in the same order.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from pliant.capture.nodes import SCOPES, ask, at, load

Bound = list[tuple[str, ast.expr]]  # the names that a pattern gives to parts of its subject


def simpler(tree: ast.Module) -> ast.Module:
    """The tree without `else` of loops and with fewer `match`; the tree that is given is used up."""
    return _Simplifier().visit(tree)


class _Simplifier(ast.NodeTransformer):
    def __init__(self) -> None:
        self.numbers = count(1)

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return self._without_else(node)

    def visit_While(self, node: ast.While) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return _tested_at_its_start(node) or self._without_else(node)

    def _without_else(self, node: ast.For | ast.While) -> ast.AST | list[ast.stmt]:
        if not node.orelse:
            return node
        otherwise, node.orelse = node.orelse, []
        flag = f"_pliant_ended_{next(self.numbers)}"
        noting = _NotingBreaks(flag)
        node.body = noting.statements(node.body)
        if not noting.found:
            return [node, *otherwise]
        test = at(ast.UnaryOp(ast.Not(), load(flag)), otherwise[0])
        return [_assigned(flag, False, node), node, at(ast.If(test, otherwise, []), otherwise[0])]

    def visit_Match(self, node: ast.Match) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        subject = f"_pliant_subject_{next(self.numbers)}"
        try:
            tests = [_tested(case.pattern, load(subject)) for case in node.cases]
        except _Unfit:
            return node
        if any(case.guard is not None and bound for case, (_, bound) in zip(node.cases, tests, strict=True)):
            return node
        rest: list[ast.stmt] = []
        for case, (conditions, bound) in reversed(list(zip(node.cases, tests, strict=True))):
            conditions = [*conditions, *([case.guard] if case.guard is not None else [])]
            names = [at(ast.Assign([ast.Name(n, ast.Store())], value), case.pattern) for n, value in bound]
            rest = [*names, *case.body] if not conditions else [_if(conditions, [*names, *case.body], rest)]
        return [at(ast.Assign([ast.Name(subject, ast.Store())], node.subject), node), *rest]


def _tested_at_its_start(node: ast.While) -> list[ast.stmt] | None:
    """`while True` with an `if ...: break` amid its body, as a loop with that condition; None for other loops.

    What stands before the `if` is done once before the loop, and again at the end of each iteration.
    """
    forever = isinstance(node.test, ast.Constant) and node.test.value is not None and bool(node.test.value)
    place = next((k for k, s in enumerate(node.body) if isinstance(s, ast.If) and _leaves(s)), None)
    if not forever or node.orelse or place is None or place + 1 == len(node.body):
        return None
    before, leaving, after = node.body[:place], node.body[place], node.body[place + 1 :]
    if any(_jumps(s, (ast.Break, ast.Continue)) for s in before) or any(_jumps(s, (ast.Continue,)) for s in after):
        return None
    assert isinstance(leaving, ast.If)
    test = at(ast.UnaryOp(ast.Not(), leaving.test), leaving)
    return [*copy.deepcopy(before), at(ast.While(test, [*after, *before], []), node)]


def _leaves(statement: ast.If) -> bool:
    """Whether a statement is `if ...: break` and nothing else."""
    return len(statement.body) == 1 and isinstance(statement.body[0], ast.Break) and not statement.orelse


def _jumps(node: ast.AST, kinds: tuple[type[ast.AST], ...]) -> bool:
    """Whether a statement holds a jump of these kinds that is of the loop around it."""
    if isinstance(node, kinds):
        return True
    inner: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, (ast.For, ast.While)):
        inner = node.orelse
    return not isinstance(node, SCOPES) and any(_jumps(child, kinds) for child in inner)


class _Unfit(Exception):  # noqa: N818 - no error: the statement stays a `match`, which Python decides
    """A pattern that no plain condition says."""


class _NotingBreaks(ast.NodeTransformer):
    """Before each `break` of one loop, a variable becomes true."""

    def __init__(self, flag: str) -> None:
        self.flag, self.found = flag, False

    def statements(self, body: Iterable[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in body:
            visited: Any = self.visit(statement)
            result += visited if isinstance(visited, list) else [visited]
        return result

    def visit_Break(self, node: ast.Break) -> list[ast.stmt]:
        self.found = True
        return [_assigned(self.flag, True, node), node]

    def visit(self, node: ast.AST) -> ast.AST | list[ast.stmt]:
        if isinstance(node, (ast.For, ast.While)):  # the jumps in its `else` are those of the loop around it
            node.orelse = self.statements(node.orelse)
            return node
        return node if isinstance(node, SCOPES) else super().visit(node)


def _assigned(name: str, value: bool, place: ast.AST) -> ast.stmt:
    return at(ast.Assign([ast.Name(name, ast.Store())], at(ast.Constant(value), place)), place)


def _tested(pattern: ast.pattern, subject: ast.expr) -> tuple[list[ast.expr], Bound]:
    """The conditions under which a subject fits a pattern, in Python's order, and the names that it binds.

    Raises _Unfit for patterns that ask for keys, classes or a variable number of elements.
    """
    subject = copy.deepcopy(subject)  # a tree in which one node stands in two places would be rewritten twice
    if isinstance(pattern, ast.MatchValue):
        return [ast.Compare(subject, [ast.Eq()], [pattern.value])], []
    if isinstance(pattern, ast.MatchSingleton):
        return [ast.Compare(subject, [ast.Is()], [ast.Constant(pattern.value)])], []
    if isinstance(pattern, ast.MatchAs):
        conditions, names = _tested(pattern.pattern, subject) if pattern.pattern else ([], [])
        return conditions, [*names, (pattern.name, subject)] if pattern.name else names
    if isinstance(pattern, ast.MatchOr):
        return _any_of([_tested(way, subject) for way in pattern.patterns])
    if isinstance(pattern, ast.MatchSequence):
        return _sequence(pattern.patterns, subject)
    raise _Unfit


def _any_of(ways: Sequence[tuple[list[ast.expr], Bound]]) -> tuple[list[ast.expr], Bound]:
    if any(bound or not conditions for conditions, bound in ways):
        raise _Unfit
    return [ast.BoolOp(ast.Or(), [_all(conditions) for conditions, _ in ways])], []


def _sequence(patterns: Sequence[ast.pattern], subject: ast.expr) -> tuple[list[ast.expr], Bound]:
    conditions: list[ast.expr] = [ask("is_sequence", subject, ast.Constant(len(patterns)))]
    names: Bound = []
    for position, part in enumerate(patterns):
        inner, bound = _tested(part, ast.Subscript(subject, ast.Constant(position), ast.Load()))
        conditions += inner
        names += bound
    return conditions, names


def _all(conditions: Sequence[ast.expr]) -> ast.expr:
    return conditions[0] if len(conditions) == 1 else ast.BoolOp(ast.And(), list(conditions))


def _if(conditions: Sequence[ast.expr], body: list[ast.stmt], rest: list[ast.stmt]) -> ast.stmt:
    return at(ast.If(at(_all(conditions), body[0]), body, rest), body[0])
