"""The rewritten source behaves as the source does, for ordinary values."""

from __future__ import annotations

import ast
import traceback
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pliant.capture.base import Table
from pliant.capture.helper import Helper
from pliant.capture.nodes import HELPER
from pliant.capture.paths import Paths
from pliant.capture.rewrite import rewritten

FILE = Path(__file__).with_name("ordinary.py")
TEXT = FILE.read_text()


def loaded(text: str, *, changed: bool) -> dict[str, Any]:
    """The names of a module with this source, which is rewritten if `changed`."""
    tree = ast.parse(text)
    space: dict[str, Any] = {"__name__": "ordinary"}
    if changed:
        tree = rewritten(tree)
        space[HELPER] = Helper(Table({}, {}, ()), Paths(nn.Module()))
    exec(compile(tree, str(FILE), "exec", dont_inherit=True), space)
    return space


def outcome(function: FunctionType) -> tuple[Any, ...]:
    """What a function returns or raises, and what it notes."""
    log: list[Any] = []
    try:
        result = function(log)
    except NameError:  # of which kind, and in which words, may change: a variable of a piece is another function's
        return NameError.__name__, _comparable(log)
    except Exception as error:  # noqa: BLE001 - whichever it is
        cause = error.__cause__
        return type(error).__name__, str(error), type(cause).__name__, _comparable(log)
    return _comparable(result), _comparable(log)


def _comparable(value: Any) -> str:
    return repr(value)


BEFORE, AFTER = loaded(TEXT, changed=False), loaded(TEXT, changed=True)
NAMES = [n.name for n in ast.parse(TEXT).body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]


@pytest.mark.parametrize("name", NAMES)
def test_ordinary_python_behaves_as_it_did(name: str) -> None:
    assert outcome(AFTER[name]) == outcome(BEFORE[name])


def test_the_rewritten_form_is_another_program() -> None:
    """So that the tests above compare two things."""
    changed = [name for name in NAMES if AFTER[name].__code__.co_code != BEFORE[name].__code__.co_code]
    assert len(changed) > 40


@pytest.mark.parametrize(
    "name", [n for n in NAMES if isinstance(outcome(BEFORE[n])[1], str) and len(outcome(BEFORE[n])) == 4]
)
def test_tracebacks_keep_their_lines(name: str) -> None:
    def lines(function: FunctionType) -> list[int]:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever the function raises
            function([])
        frames = traceback.extract_tb(caught.value.__traceback__)
        return [f.lineno or 0 for f in frames if f.filename == str(FILE)]

    before, after = lines(BEFORE[name]), lines(AFTER[name])
    assert after[-1] == before[-1]
    assert set(before) <= set(after)


def test_signatures_are_kept() -> None:
    for name in NAMES:
        before, after = BEFORE[name].__code__, AFTER[name].__code__
        assert after.co_varnames[: after.co_argcount] == before.co_varnames[: before.co_argcount]
        assert (after.co_name, after.co_firstlineno, after.co_freevars) == (
            before.co_name,
            before.co_firstlineno,
            before.co_freevars,
        )


def test_asynchronous_functions_are_left_alone() -> None:
    text = "async def f(x):\n    if int(x): return await g(x)\n"
    assert ast.dump(rewritten(ast.parse(text))) == ast.dump(ast.parse(text))


# random programs: what is done, in which order, is noted

VARIABLES = ("a", "b", "c")
numbers = st.sampled_from(["0", "1", "2", "-1"])
names = st.sampled_from(VARIABLES)
operands = st.one_of(numbers, names, numbers.map(lambda n: f"t({n})"))


def expressions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or", "<", "==", "!=", ">="]), inner),
        st.builds("({} < {} <= {})".format, inner, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("t({})".format, inner),
        st.builds("sum([x + {} for x in range(2)])".format, inner),
        st.builds("(lambda y: y and {})({})".format, inner, inner),
    )


expression = st.recursive(operands, expressions, max_leaves=4)
simple = st.one_of(
    st.builds("{} = {}".format, names, expression).map(lambda s: [s]),
    st.builds("{} += {}".format, names, expression).map(lambda s: [s]),
    st.builds("t({})".format, expression).map(lambda s: [s]),
    st.builds("if {}: return {}".format, expression, expression).map(lambda s: [s]),
    st.builds("if {}: raise ValueError({})".format, expression, names).map(lambda s: [s]),
    st.builds("if {}: {}".format, expression, st.sampled_from(["break", "continue"])).map(lambda s: [s]),
)


def indented(body: list[str]) -> list[str]:
    return [f"    {line}" for line in body]


def block(*parts: str | list[str]) -> list[str]:
    """Lines; lists among them are indented."""
    return [line for part in parts for line in (indented(part) if isinstance(part, list) else [part])]


def compound(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    bodies = st.lists(inner, min_size=1, max_size=3).map(lambda parts: [line for part in parts for line in part])
    return st.one_of(
        st.builds(lambda e, b: block(f"if {e}:", b), expression, bodies),
        st.builds(
            lambda e, f, b, c, d: block(f"if {e}:", b, f"elif {f}:", c, "else:", d),
            expression,
            expression,
            *[bodies] * 3,
        ),
        st.builds(lambda n, b: block(f"for {n} in range(3):", b), names, bodies),
        st.builds(lambda n, b, c: block(f"for {n} in range(2):", b, "else:", c), names, bodies, bodies),
        st.builds(lambda e, b: block(f"while tick() and {e}:", b), expression, bodies),
        st.builds(lambda e, b, c: block(f"while tick() and {e}:", b, "else:", c), expression, bodies, bodies),
        st.builds(
            lambda b, c, d: block("try:", b, "except ValueError as error:", c, "finally:", d), bodies, bodies, bodies
        ),
        st.builds(lambda b: block("def g():", b, "t(g())"), bodies),
        st.builds(lambda b: block("def g():", ["nonlocal a, b, c", *b], "t(g())"), bodies),
    )


statement = st.recursive(simple, compound, max_leaves=12)
program = st.lists(statement, min_size=1, max_size=4).map(lambda parts: [line for part in parts for line in part])
FRAME = """
def program(log):
    fuel = [30]
    def t(value):
        log.append(value)
        return value
    def tick():
        fuel[0] -= 1
        return fuel[0] > 0
    def inner(a, b=1):
        c = 2
        {body}
        return a, b, c
    return inner(0), inner(2, -1)
"""


@settings(max_examples=150, deadline=None)
@given(program)
def test_random_programs_behave_as_they_did(lines: list[str]) -> None:
    text = FRAME.format(body="\n        ".join(lines))
    try:
        compile(text, "program", "exec")
    except SyntaxError:  # a jump outside of a loop
        return
    before, after = loaded(text, changed=False), loaded(text, changed=True)
    assert outcome(after["program"]) == outcome(before["program"])
