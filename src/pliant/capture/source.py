"""Putting the rewritten form of the model's own source (see `rewrite.py`) in place while the model is traced.

How: the file is parsed, transformed and compiled as a whole, never run; the code object of each function the
model can reach is looked up in it by name and first line, and put into the function until tracing ends. Scopes,
closures, name mangling and line numbers are therefore the compiler's, and tracebacks show the user's source.
"""

from __future__ import annotations

import ast
import functools
import linecache
import warnings
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from torch import nn

from pliant.capture.nodes import HELPER, THUNK
from pliant.capture.owners import users_own
from pliant.capture.rewrite import rewritten as rewritten_tree

MOST_ENTRIES = 1000  # of a table of functions; a larger one holds data


@functools.lru_cache(maxsize=256)
def _compiled(filename: str, text: str) -> dict[tuple[str, int, tuple[str, ...]], CodeType | None]:
    """The code objects of a transformed source file, by (name, first line, free variables).

    None stands for several, such as two lambdas on one line: which is which cannot be told.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = rewritten_tree(ast.parse(text, filename))
            module = compile(tree, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[tuple[str, int, tuple[str, ...]], CodeType | None] = {}
    pending = [module]
    while pending:
        code = pending.pop()
        if THUNK not in code.co_varnames:
            key = (code.co_name, code.co_firstlineno, code.co_freevars)
            found[key] = None if key in found else code
        pending += [c for c in code.co_consts if isinstance(c, CodeType)]
    return found


def rewritten(function: FunctionType) -> CodeType | None:
    """The transformed code of `function`, or None where its source cannot be found."""
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    return _compiled(code.co_filename, text).get((code.co_name, code.co_firstlineno, code.co_freevars))


def _members(owner: type) -> Iterator[Any]:
    for cls in owner.__mro__:
        if users_own(cls.__module__):
            for member in vars(cls).values():
                yield from (getattr(member, name, None) for name in ("fget", "fset", "fdel", "__func__"))
                yield member


def _names(code: CodeType) -> set[str]:
    inner = (c for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*(_names(c) for c in inner))


def _mentioned(function: FunctionType) -> Iterator[Any]:
    """What the code of `function` can reach by name: globals, members of modules, and closures."""
    names = _names(function.__code__)
    for value in (function.__globals__[n] for n in names if n in function.__globals__):
        yield value
        if isinstance(value, ModuleType) and users_own(value.__name__):
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
        if isinstance(value, FunctionType) and users_own(value.__module__):
            functions.append(value)
        pending += _behind(value)
    return functions


def _behind(value: Any) -> Iterable[Any]:
    """What may be called through `value`."""
    if isinstance(value, (dict, list, tuple, set)):
        entries: Any = value.values() if isinstance(value, dict) else value
        return entries if len(entries) <= MOST_ENTRIES else ()
    if isinstance(value, FunctionType):
        return [*_mentioned(value), value.__defaults__, value.__kwdefaults__]
    if isinstance(value, type):
        return _members(value) if users_own(value.__module__) else ()
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, functools._lru_cache_wrapper):
        return [value.__wrapped__]
    if hasattr(value, "__func__"):
        return [value.__func__]
    own = users_own(type(value).__module__) and not isinstance(value, (nn.Module, ModuleType))
    return [type(value)] if own else ()


@contextmanager
def rewritten_source(module: nn.Module, helper: Any) -> Generator[None]:
    """Within the block, `module`'s own source asks `helper`; afterwards everything is as before."""
    changed: list[tuple[FunctionType, CodeType]] = []
    spaces: dict[int, dict[str, Any]] = {}
    try:
        for function in reachable(module):
            code = rewritten(function)
            if code is not None:
                changed.append((function, function.__code__))
                function.__code__ = code
                function.__globals__[HELPER] = helper
                spaces[id(function.__globals__)] = function.__globals__
        yield
    finally:
        for function, original in changed:
            function.__code__ = original
        for space in spaces.values():
            space.pop(HELPER, None)
