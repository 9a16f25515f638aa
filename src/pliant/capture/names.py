"""Which names a piece of source binds, changes and needs afterwards, and whether something jumps out of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LOOPS = (ast.For, ast.While)
MUTATORS = frozenset({"append", "extend", "insert", "add", "update", "pop", "setdefault", "remove"})


def inside(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Every node of some statements that is in no function or class of its own."""
    pending = list(body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, SCOPES):
            pending += ast.iter_child_nodes(node)


def jumps(body: Sequence[ast.AST], *, returns_only: bool = False, loops: int = 0) -> bool:
    """Whether `return`, or also `break` or `continue`, leave these statements."""
    for node in body:
        if isinstance(node, ast.Return):
            return True
        if isinstance(node, (ast.Break, ast.Continue)) and not loops and not returns_only:
            return True
        if isinstance(node, LOOPS):
            if jumps(node.body, returns_only=returns_only, loops=loops + 1):
                return True
            if jumps(node.orelse, returns_only=returns_only, loops=loops):
                return True
        elif not isinstance(node, SCOPES):
            if jumps(list(ast.iter_child_nodes(node)), returns_only=returns_only, loops=loops):
                return True
    return False


def declared(body: Sequence[ast.stmt], kind: type[ast.Global | ast.Nonlocal]) -> set[str]:
    """Names that statements declare global or nonlocal."""
    return {name for node in inside(body) if isinstance(node, kind) for name in node.names}


def bound(body: Sequence[ast.AST]) -> set[str]:
    """Names that statements bind in their own function."""
    names: set[str] = set()
    pending = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        if isinstance(node, COMPREHENSIONS):
            names |= {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}
        elif not isinstance(node, ast.Lambda):
            pending += ast.iter_child_nodes(node)
    return names


def changed(body: Sequence[ast.AST]) -> set[str]:
    """Names whose values statements change: bound, written into (`x[...] = `), or lists that are appended to."""
    names = bound(body)
    for node in inside(body):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            names |= _root(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            method = node.func.attr
            if method in MUTATORS or (method.endswith("_") and not method.endswith("__")):
                names |= _root(node.func)
    return names


def _root(node: ast.AST) -> set[str]:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) and node.id != "self" else set()


class Uses:
    """The order in which a function uses its names."""

    def __init__(self, body: Sequence[ast.stmt]) -> None:
        self.events: list[tuple[str, str]] = []  # (name, "load", "store" or "maybe")
        self.spans: dict[int, tuple[int, int]] = {}  # of each loop
        for statement in body:
            self._visit(statement, sure=True)

    def needed_after(self, loop: ast.AST, names: set[str]) -> set[str]:
        """Those of `names` whose values are used after `loop`, or by the next round of a loop around it."""
        if id(loop) not in self.spans:
            return names
        start, end = self.spans[id(loop)]
        following = self.events[end:]
        around = [(s, e) for s, e in self.spans.values() if s <= start and e >= end and (s, e) != (start, end)]
        runs = [following, *(self.events[s:start] for s, _ in around)]
        return {name for name in names if any(self._first(name, run) == "load" for run in runs)}

    @staticmethod
    def _first(name: str, events: list[tuple[str, str]]) -> str:
        return next((kind for n, kind in events if n == name and kind != "maybe"), "")

    def _visit(self, node: ast.AST, *, sure: bool) -> None:
        start = len(self.events)
        if isinstance(node, ast.Name):
            kind = "load" if isinstance(node.ctx, ast.Load) else "store" if sure else "maybe"
            self.events.append((node.id, kind))
        elif isinstance(node, (*SCOPES, *COMPREHENSIONS)):
            loads = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
            own = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            self.events += [(name, "load") for name in loads if name not in own]
        elif isinstance(node, ast.AugAssign):
            if isinstance(node.target, ast.Name):
                self.events.append((node.target.id, "load"))
            self._all([node.value, node.target], sure=sure)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            self._all([*([node.value] if node.value else []), *targets], sure=sure)
        elif isinstance(node, ast.For):
            self._all([node.iter, node.target], sure=sure)
            self._all([*node.body, *node.orelse], sure=sure)
        else:
            inner = sure and not isinstance(node, (ast.If, ast.While, ast.Try))
            self._all(list(ast.iter_child_nodes(node)), sure=inner)
        if isinstance(node, LOOPS):
            self.spans[id(node)] = (start, len(self.events))

    def _all(self, nodes: Sequence[ast.AST], *, sure: bool) -> None:
        for node in nodes:
            self._visit(node, sure=sure)
