"""Pieces of source that the rewriting of a model puts together, and questions about those that it finds."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from pliant.capture.names import SCOPES

HELPER = "__pliant__"
THUNK = "_pliant_thunk"  # a variable of the lambdas that are made here, which tells them from the model's own
LOOKING = frozenset({"locals", "vars", "dir", "eval", "exec"})  # they see the variables of the function as it is cut

INDEPENDENT = frozenset(
    {
        "AttributeError",
        "ImportError",
        "KeyError",
        "ModuleNotFoundError",
        "NameError",
        "OSError",
        "StopIteration",
        "UnboundLocalError",
    }
)
"""Errors that say nothing about the numbers a model computes with."""


def is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")


def at(node: Any, place: ast.AST) -> Any:
    return ast.copy_location(node, place)


def load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def words(words: Iterable[str]) -> ast.expr:
    return ast.Tuple([ast.Constant(word) for word in words], ast.Load())


def ask(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(load(HELPER), name, ast.Load()), list(arguments), [])


def thunk(body: ast.expr, *arguments: str) -> ast.Lambda:
    accepted = parameters(arguments)
    accepted.vararg = ast.arg(THUNK)
    return at(ast.Lambda(accepted, body), body)


def parameters(names: Sequence[str]) -> ast.arguments:
    return ast.arguments(
        posonlyargs=[], args=[ast.arg(name) for name in names], kwonlyargs=[], kw_defaults=[], defaults=[]
    )


class _Jumps(ast.NodeTransformer):
    """`break` and `continue` of one loop as `return True` and `return False` of its body."""

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return at(ast.Return(ast.Constant(True)), node)

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return at(ast.Return(ast.Constant(False)), node)

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.For, ast.While)):  # the jumps in its `else` are those of the loop around it
            node.orelse = [self.visit(statement) for statement in node.orelse]  # type: ignore[misc]
            return node
        return node if isinstance(node, SCOPES) else super().visit(node)


def without_jumps(statement: ast.stmt) -> Any:
    return _Jumps().visit(statement)


def define(name: str, body: list[ast.stmt], place: ast.AST, *arguments: str) -> ast.FunctionDef:
    made: Any = ast.FunctionDef(name=name, args=parameters(arguments), body=body, decorator_list=[], returns=None)
    made.type_params = []
    for statement in body:
        if not hasattr(statement, "lineno"):
            at(statement, place)
    return at(made, place)


def shared(names: Iterable[str], outer: Iterable[str]) -> list[ast.stmt]:
    """Declarations for a piece: the variables are those of the function around it."""
    result: list[ast.stmt] = []
    if names := sorted(names):
        result.append(ast.Nonlocal(names))
    if outer := sorted(outer):
        result.append(ast.Global(outer))
    return result


def never(place: ast.AST, names: Iterable[str]) -> list[ast.stmt]:
    """`if __pliant__ is None: a = b = None`: never true, but it tells the compiler whose variables these are."""
    targets: list[ast.expr] = [ast.Name(n, ast.Store()) for n in sorted(names)]
    test = ast.Compare(load(HELPER), [ast.Is()], [ast.Constant(None)])
    return [at(ast.If(test, [ast.Assign(targets, ast.Constant(None))], []), place)] if targets else []


def after_docstring(body: Sequence[ast.stmt]) -> int:
    first = body[0] if body else None
    return int(
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )


def looks_around(node: ast.AST) -> bool:
    """Whether something that looks at its caller's variables is called."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LOOKING


def is_delayed(node: ast.AST) -> bool:
    """Whether an element of a comprehension reads the comprehension's variable later, when it has its last value."""
    if isinstance(node, (ast.Lambda, ast.GeneratorExp)):
        return True
    return not isinstance(node, ast.Call) and any(is_delayed(part) for part in ast.iter_child_nodes(node))


def has_walrus(node: ast.AST) -> bool:
    return any(isinstance(n, ast.NamedExpr) for n in ast.walk(node))


def catches_errors(node: ast.Try) -> bool:
    """Whether a handler may take an error that depends on a live value, such as PyTorch's about a length."""
    return any(_may_depend(handler.type) for handler in node.handlers)


def _may_depend(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(_may_depend(one) for one in kind.elts)
    return not isinstance(kind, ast.Name) or kind.id not in INDEPENDENT
