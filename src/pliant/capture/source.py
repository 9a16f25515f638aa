"""Rewriting the model's own source while it is traced, so that calls into C can be answered symbolically.

In `int(h * factor)` nothing is asked of `factor` that an object could answer: the builtin demands a number. Every
callee in the model's source is therefore passed through a resolver first, `int(...)` becoming
`resolve(int)(...)`. The resolver returns its argument, or the replacement a capture family has for it.

How: the file is parsed, transformed and compiled as a whole, never run; the code object of each function the
model can reach is looked up in it by name and first line, and put into the function until tracing ends. Scopes,
closures, name mangling and line numbers are therefore the compiler's, and tracebacks show the user's source.
"""

from __future__ import annotations

import ast
import builtins
import functools
import linecache
import sys
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from torch import nn

from pliant.capture.base import Table

RESOLVER = "__pliant_resolve__"
FOREIGN = frozenset({"torch", "numpy", "onnx", "onnxscript", "onnx_ir", "onnxruntime", "sympy"})
OWN = ("pliant.capture", "pliant.operators", "pliant.exporter")
SCOPED = frozenset({"super", "locals", "globals", "vars", "dir", "eval", "exec"})  # they look at their caller


class _Callees(ast.NodeTransformer):
    """Pass every named callee through the resolver."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        callee = node.func
        if isinstance(callee, ast.Attribute) or (isinstance(callee, ast.Name) and callee.id not in SCOPED):
            resolver = ast.copy_location(ast.Name(RESOLVER, ast.Load()), callee)
            node.func = ast.copy_location(ast.Call(resolver, [callee], []), callee)
        return node


@functools.lru_cache(maxsize=256)
def _compiled(filename: str, text: str) -> dict[tuple[str, int, tuple[str, ...]], CodeType | None]:
    """The code objects of a transformed source file, by (name, first line, free variables).

    None stands for several, such as two lambdas on one line: which is which cannot be told.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.fix_missing_locations(_Callees().visit(ast.parse(text, filename)))
            module = compile(tree, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[tuple[str, int, tuple[str, ...]], CodeType | None] = {}
    pending = [module]
    while pending:
        code = pending.pop()
        key = (code.co_name, code.co_firstlineno, code.co_freevars)
        found[key] = None if key in found else code
        pending += [c for c in code.co_consts if isinstance(c, CodeType)]
    return found


def rewritten(function: FunctionType) -> CodeType | None:
    """The transformed code of `function`, or None where its source cannot be found."""
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    return _compiled(code.co_filename, text).get((code.co_name, code.co_firstlineno, code.co_freevars))


def _users_own(name: str | None) -> bool:
    """Whether a Python module, by name, may hold code of the model's."""
    root = (name or "").partition(".")[0]
    return (
        root not in FOREIGN and root not in sys.stdlib_module_names - {"__main__"} and not (name or "").startswith(OWN)
    )


def _members(owner: type) -> Iterator[Any]:
    for cls in owner.__mro__:
        if _users_own(cls.__module__):
            for member in vars(cls).values():
                yield from (member, getattr(member, "fget", None), getattr(member, "__func__", None))


def _names(code: CodeType) -> set[str]:
    inner = (c for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*(_names(c) for c in inner))


def _mentioned(function: FunctionType) -> Iterator[Any]:
    """What the code of `function` can reach by name: globals, members of modules, and closures."""
    names = _names(function.__code__)
    for value in (function.__globals__[n] for n in names if n in function.__globals__):
        yield value
        if isinstance(value, ModuleType) and _users_own(value.__name__):
            yield from (vars(value)[n] for n in names if n in vars(value))
    yield from (cell.cell_contents for cell in function.__closure__ or () if cell != CellType())  # but empty ones
    yield getattr(function, "__wrapped__", None)


def reachable(module: nn.Module) -> list[FunctionType]:
    """The Python functions that running `module` may call, apart from those of libraries below it."""
    pending: list[Any] = []
    for part in module.modules():
        pending += [type(part), *vars(part).values()]
    seen: set[int] = set()
    functions: list[FunctionType] = []
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, FunctionType):
            pending += _mentioned(value)
            if _users_own(value.__module__):
                functions.append(value)
        elif isinstance(value, type):
            pending += _members(value) if _users_own(value.__module__) else ()
        elif isinstance(value, functools.partial):
            pending.append(value.func)
        elif hasattr(value, "__func__"):
            pending.append(value.__func__)
        elif _users_own(type(value).__module__) and not isinstance(value, (nn.Module, ModuleType)):
            pending.append(type(value))
    return functions


@contextmanager
def replaced_calls(module: nn.Module, table: Table) -> Generator[None]:
    """Within the block, `module`'s own source calls the replacements; afterwards everything is as before."""
    patched = {f.__name__: f for f in table.calls if getattr(builtins, f.__name__, None) is f}

    def resolve(callee: Any) -> Any:
        for name, original in patched.items():  # torch.export puts its own min and max there while it traces
            if callee is getattr(builtins, name):
                return table.calls[original]
        return table.instead_of(callee)

    changed: list[tuple[FunctionType, CodeType]] = []
    spaces: dict[int, dict[str, Any]] = {}
    try:
        for function in reachable(module):
            code = rewritten(function)
            if code is not None:
                changed.append((function, function.__code__))
                function.__code__ = code
                function.__globals__[RESOLVER] = resolve
                spaces[id(function.__globals__)] = function.__globals__
        yield
    finally:
        for function, original in changed:
            function.__code__ = original
        for space in spaces.values():
            space.pop(RESOLVER, None)
