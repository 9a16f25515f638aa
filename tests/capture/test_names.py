"""What is read from source about names and jumps."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from pliant.capture.names import Uses, bound, changed, declared, jumps


def parsed(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b", "a"),
        ("a, (b, *c) = d", "a b c"),
        ("a += 1; del b", "a b"),
        ("a: int = 1", "a"),
        ("a.b = c[d] = 1", ""),
        ("for a in b:\n    c = 1", "a c"),
        ("with a as b, c as (d, e): pass", "b d e"),
        ("try: pass\nexcept E as e: f = 1", "e f"),
        ("import a.b, c.d as e\nfrom f import g, h as i", "a e g i"),
        ("def f(x): y = 1\nclass C:\n    z = 1", "f C"),
        ("lambda x: (y for z in x)", ""),
        ("[a for b in c if (d := b)]", "d"),
        ("match a:\n    case [b, *c]: pass\n    case {'k': d, **e}: pass\n    case int() as f: pass", "b c d e f"),
    ],
)
def test_bound(text: str, names: str) -> None:
    assert bound(parsed(text)) == set(names.split())


def test_changed_also_has_what_is_written_into() -> None:
    text = "a[0] = 1\nb.append(2)\nc[1].d[2] = 3\ne.add_(1)\nf.g(h)\nself.x[0] = 1\ni.__len__()"
    assert changed(parsed(text)) == {"a", "b", "c", "e"}


@pytest.mark.parametrize(
    ("text", "any_jump", "returns"),
    [
        ("return", True, True),
        ("break", True, False),
        ("for x in y: break", False, False),
        ("for x in y: pass\nelse: continue", True, False),
        ("while x:\n    for y in z:\n        if y: return", True, True),
        ("def f(): return 1\nlambda: 2", False, False),
        ("try: pass\nfinally:\n    with x: continue", True, False),
        ("match x:\n    case 1: return", True, True),
    ],
)
def test_jumps(text: str, any_jump: bool, returns: bool) -> None:
    assert (jumps(parsed(text)), jumps(parsed(text), returns_only=True)) == (any_jump, returns)


def test_declared_is_about_the_function_itself() -> None:
    body = parsed("global a\nif x:\n    nonlocal b\ndef f():\n    global c")
    assert declared(body, ast.Global) == {"a"}
    assert declared(body, ast.Nonlocal) == {"b"}


def needed(text: str) -> set[str]:
    """Of `y` and `z`, those that are needed after the loop over `live`."""
    body = parsed(text)
    uses = Uses(body)
    (loop,) = (n for s in body for n in ast.walk(s) if isinstance(n, ast.For) and ast.unparse(n.iter) == "live")
    names: Any = uses.needed_after(loop, {"y", "z"})
    return names


LOOP = "for k in live: y = z = k\n"


@pytest.mark.parametrize(
    ("after", "names"),
    [
        ("return y", "y"),
        ("y = 1\nreturn y + z", "z"),
        ("if c: y = 1\nreturn y", "y"),
        ("y += 1", "y"),
        ("for j in other: y = j\nreturn y", "y"),
        ("return [y for y in z]", "z"),
        ("def f(): return y", "y"),
        ("y = y + 1", "y"),
        ("try: y = f()\nexcept E: pass\nreturn y", "y"),
        ("", ""),
    ],
)
def test_what_is_needed_after_a_loop(after: str, names: str) -> None:
    assert needed(LOOP + after) == set(names.split())


def test_what_the_next_round_of_a_loop_around_needs() -> None:
    assert needed("for i in a:\n    use(y)\n    for k in live: y = z = k") == {"y"}
    assert needed("for i in a:\n    for k in live: y = z = k\n    if c: break\n    y = 1\nreturn y") == {"y"}
