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
        elif not isinstance(node, SCOPES) and jumps(
            list(ast.iter_child_nodes(node)), returns_only=returns_only, loops=loops
        ):
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
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
        ):
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
    """In which order a function uses its names."""

    def __init__(self, body: Sequence[ast.stmt]) -> None:
        self.around: dict[int, tuple[ast.AST | None, Sequence[ast.stmt], int]] = {}  # statement: owner, list, place
        self._enter(None, body)

    def _enter(self, owner: ast.AST | None, body: Sequence[ast.stmt]) -> None:
        for place, statement in enumerate(body):
            self.around[id(statement)] = (owner, body, place)
            for inner in _lists(statement):
                self._enter(statement, inner)

    def needed_after(self, loop: ast.stmt, names: set[str]) -> set[str]:
        """Those of `names` whose values are used after `loop`, or by the next round of a loop around it."""
        if id(loop) not in self.around:
            return names
        return {name for name in names if self._needed(loop, name)}

    def _needed(self, statement: ast.stmt, name: str) -> bool:
        owner, body, place = self.around[id(statement)]
        first = _use(body[place + 1 :], name)
        if first:
            return first == "load"
        if owner is None:
            return False
        if isinstance(owner, LOOPS) and body is owner.body and _use([owner], name) == "load":
            return True
        return self._needed(owner, name)  # type: ignore[arg-type] - owners are statements


def _lists(statement: ast.AST) -> Iterator[Sequence[ast.stmt]]:
    """The lists of statements in a statement, apart from those of functions in it."""
    if isinstance(statement, SCOPES):
        return
    for _, value in ast.iter_fields(statement):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value
        elif isinstance(value, list):
            for part in value:
                if isinstance(part, (ast.ExceptHandler, ast.match_case)):
                    yield part.body


def _use(nodes: Sequence[ast.AST], name: str) -> str:
    """How some code, run in order, first uses a name: "load", "store" if it surely sets it, or neither, ""."""
    sure = True
    for node in nodes:
        found = _use_in(node, name)
        if found == "load" or (found and sure):
            return found
        if isinstance(node, ast.stmt) and (jumps([node]) or isinstance(node, ast.Raise)):
            sure = False  # what follows may be left out
    return ""


def _use_in(node: ast.AST, name: str) -> str:
    if isinstance(node, ast.Name):
        return "" if node.id != name else "load" if isinstance(node.ctx, ast.Load) else "store"
    if isinstance(node, (*SCOPES, *COMPREHENSIONS)):
        loads = any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in ast.walk(node))
        stores = name in bound([node]) and not isinstance(node, COMPREHENSIONS)
        return "load" if loads and not _own_variable(node, name) else "store" if stores else ""
    if isinstance(node, (ast.If, ast.IfExp)):
        ways = [_use(_listed(way), name) for way in (node.body, node.orelse)]
        first = _use_in(node.test, name)
        return first or ("load" if "load" in ways else "store" if ways == ["store", "store"] else "")
    if isinstance(node, ast.For):
        first = _use_in(node.iter, name)
        own = name in bound([node.target])
        inner = "" if own else _use(node.body, name)
        return first or ("load" if "load" in (inner, _use(node.orelse, name)) else "")
    if isinstance(node, (ast.While, ast.Try)):
        return "load" if _use(list(ast.iter_child_nodes(node)), name) == "load" else ""
    if isinstance(node, ast.AugAssign):
        root = isinstance(node.target, ast.Name) and node.target.id == name
        return "load" if root else _use([node.value, node.target], name)
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return _use([*([node.value] if node.value else []), *targets], name)
    return _use(list(ast.iter_child_nodes(node)), name)


def _own_variable(node: ast.AST, name: str) -> bool:
    """Whether a function or comprehension means a variable of its own by a name."""
    return any(isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load) for n in ast.walk(node))


def _listed(part: ast.AST | list[ast.stmt]) -> list[ast.AST]:
    return list(part) if isinstance(part, list) else [part]
