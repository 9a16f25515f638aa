"""Ordinary Python: each function takes a list, in which it may note what it does, and returns something comparable.

`test_rewrite.py` runs this file as it is and in its rewritten form. Names with an underscore are helpers.
"""

# ruff: noqa
# type: ignore
from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools

COUNT = 0


def _note(log, value, result=None):
    log.append(value)
    return value if result is None else result


# decisions


def elifs(log):
    result = []
    for v in (-1, 0, 1, 2, "x"):
        if v == "x":
            kind = "text"
        elif v < 0:
            kind = "negative"
        elif v == 0:
            kind = "none"
        else:
            kind = f"{v}"
        result.append(kind)
    return result


def early_return(log):
    def inner(v):
        if v > 2:
            return "large"
        log.append(v)
        if v > 1:
            return "middle"
        else:
            log.append("else")
        return None

    return [inner(v) for v in (1, 2, 3)]


def return_in_the_middle_of_nested_ifs(log):
    def inner(a, b):
        if a:
            if b:
                return "both"
            log.append("a")
        elif b:
            log.append("b")
            return "b"
        return "end"

    return [inner(a, b) for a in (0, 1) for b in (0, 1)]


def ternaries(log):
    pick = lambda v: "a" if v > 2 else "b" if v > 1 else "c"
    return [pick(v) for v in (1, 2, 3)], (_note(log, 1) if [] else _note(log, 2))


def short_circuits(log):
    return (
        _note(log, 0) and _note(log, 1),
        _note(log, 2) and _note(log, 0) and _note(log, 3),
        _note(log, 0) or _note(log, "") or _note(log, []),
        _note(log, 4) or _note(log, 5),
        not _note(log, 6) or (_note(log, 7) and not _note(log, 8)),
        (None or "x") and ("" or None),
    )


def comparisons(log):
    return (
        _note(log, 1) < _note(log, 2) < _note(log, 3),
        _note(log, 1) < _note(log, 0) < _note(log, 9),
        1 == 1.0 != 2 is not log,
        3 in [1, 2] or 3 not in {3: 1},
        "a" in "abc" != "b",
        None is None,
        float("nan") == float("nan"),
        [1, (2, 3)] == [1, (2, 3)],
    )


def orders_of_sequences(log):
    return (1, "a") < (2, None), (1, 2) <= (1, 2), [3] > [2, 1], [] < [0], (1, 2, 3) > (1, 2), (1,) == [1], [] != ()


def sequences_that_have_no_order(log):
    return (1, 2) < [3]


def elements_that_have_no_order(log):
    return (1, "a") < (1, None)


class _Odd:
    def __init__(self, log):
        self.log = log

    def __eq__(self, other):
        self.log.append("eq")
        return "equal"

    def __ne__(self, other):
        self.log.append("ne")
        return []

    def __lt__(self, other):
        return NotImplemented

    def __gt__(self, other):
        return NotImplemented

    def __bool__(self):
        self.log.append("bool")
        return True

    def __contains__(self, item):
        return item

    __hash__ = None


def operators_of_ones_own(log):
    odd = _Odd(log)
    return odd == 1, odd != 1, odd == 1 != odd, 0 in odd, "x" in odd, 3 not in odd, [odd] == [odd], bool(odd and odd)


def an_order_that_is_not_there(log):
    return _Odd(log) < 3


def a_truth_that_fails(log):
    class Never:
        def __bool__(self):
            raise ArithmeticError("no truth")

    if Never():
        return 1
    return 2


def assertions(log):
    assert _note(log, 1), _note(log, "never said")
    try:
        assert not log, _note(log, "said")
    except AssertionError as error:
        return error.args
    return None


def matches(log):
    def kind(v):
        match v:
            case 0 | 1:
                return "small"
            case int(n) if n > 10:
                return f"large {n}"
            case [a, *rest]:
                found = a, rest
            case {"key": k, **others}:
                found = k, others
            case str() as text:
                found = text
            case _:
                found = "else"
        return found

    return [kind(v) for v in (0, 1, 5, 11, [1, 2, 3], {"key": 1, "b": 2}, "t")]


def a_match_within_an_if(log):
    v = {"x": [1, 2, 3], "y": 5}
    if v:
        match v:
            case {"x": [first, *rest], **others}:
                log.append(first)
    return first, rest, others


# loops


def loops_with_jumps(log):
    found = []
    for k in range(10):
        if k == 2:
            continue
        if k == 5:
            break
        found.append(k)
    else:
        log.append("not left")
    for k in range(2):
        pass
    else:
        log.append("through")
    return found, k


def while_loops(log):
    n = 10
    while n > 0:
        n -= 1
        if n % 2:
            continue
        log.append(n)
        if n < 4:
            break
    else:
        log.append("else")
    while n:
        n -= 1
    else:
        log.append("through")
    return n


def jumps_in_the_else_of_an_inner_loop(log):
    found = []
    for a in range(5):
        for b in range(5):
            if b == a:
                break
            if b == 3:
                break
        else:
            continue
        found.append((a, b))
        while a:
            a -= 2
        else:
            break
    return found


def for_else_break(log):
    for a in range(3):
        for b in range(3):
            log.append((a, b))
            if a == b == 1:
                break
        else:
            if a == 5:
                break
            log.append("continued")
            continue
        break
    return a, b


def return_from_nested_loops(log):
    for a in range(3):
        for b in range(3):
            if a * b == 2:
                return a, b
            log.append((a, b))
    return None


def jumps_through_finally(log):
    n = 6
    while True:
        try:
            n -= 1
            if n == 4:
                continue
            if n == 2:
                break
        finally:
            log.append(n)
    for k in range(3):
        with contextlib.suppress(KeyError):
            if k == 1:
                raise KeyError
            log.append(k)
            if k == 2:
                break
    return n, k


def targets(log):
    store = {}
    for store["k"], (a, *b) in [(1, "abc"), (2, "de")]:
        log.append((store["k"], a, b))
    for x in []:
        pass
    try:
        return x
    except UnboundLocalError:
        return "unbound", a, b


def an_iterator_used_inside(log):
    items = iter(range(6))
    return [(x, next(items)) for x in items], [log.append(x) for x in "ab"]


def stop_iteration(log):
    items = iter([1, 2])
    while True:
        try:
            x = next(items)
            if x > 1:
                log.append(x)
        except StopIteration:
            break
    return x


def a_list_that_grows_while_it_is_read(log):
    todo = [3]
    for n in todo:
        if n:
            todo.append(n - 1)
    return todo


def deleted_variables(log):
    x, y = [1, 2, 3], 4
    if x:
        del x[0]
        del y
    try:
        y
    except NameError as error:
        log.append(type(error).__name__)
    for k in range(2):
        z = k
        del z
    return x


# variables


def closures_see_the_last_value(log):
    functions = []
    for k in range(3):
        functions.append(lambda: k)
        if k == 1:

            def named():
                return k

    late = [lambda: k for k in range(3)]
    generators = [(k * j for j in range(2)) for k in range(3)]
    return [f() for f in functions], named(), [f() for f in late], [list(g) for g in generators]


def nonlocal_variables(log):
    n = 0

    def add(k):
        nonlocal n
        if k:
            n += k
        for j in range(k):
            n += j
            if n > 100:
                return "much"
        return "little" if n else "none"

    return [add(k) for k in (0, 1, 5, 20)], n


def nonlocal_declared_after_a_decision(log):
    n = 1

    def inner(flag):
        if flag:
            log.append(flag)
            return 1
        nonlocal n
        n = 5
        return n

    return inner(1), inner(0), n


def global_variables(log):
    global COUNT
    COUNT = 0
    if COUNT == 0:
        COUNT = 3
    for _ in range(2):
        COUNT += 1
    for COUNT in (8, 9):
        pass
    return COUNT


def a_global_in_a_branch(log):
    if not log:
        global COUNT
        COUNT = 7
    return COUNT


def annotated_variables(log):
    total: int = 0
    unset: list[int]
    if total == 0:
        first: float = 1.5
        second: list[int]
    for k in range(3):
        part: int = k * 2
        total += part
    return first, total


def annotated_places(log):
    box = {}
    if not log:
        box["a"]: int = 3
    return box


def shadowed_arguments(log):
    def inner(x, *rest, key=2, **named):
        if x:
            x = x + 1
            rest = rest[1:]
        else:
            key = named.get("other", key)
        named["x"] = x
        if key > 5:
            return "key", key
        return x, rest, key, named

    return inner(1, 2, 3), inner(0, other=9), inner(0, other=4)


def default_arguments(log):
    x = 3

    def inner(a, b=x if x > 2 else 0, *, c=[] or [1], d=1 < 2 < x):
        c.append(a)
        return a, b, c, d

    return inner(1), inner(2, c=[]), inner(3)


def starred(log):
    a, *b = range(4)
    if b:
        *c, d = b
        e = [*b, *c] if c else []
    x = y = [0] * 3
    x[1], (p, q) = 5, (6, 7)
    x[0] += 1
    x[1:] = [8, 9]
    return a, b, c, d, e, y, p, q, {**{"k": 1}, "l": 2 if q else 3}


def walrus(log):
    if (n := len("abc")) > 2 and (m := n + 1):
        log.append((n, m))
    while (m := m - 1) > 1:
        log.append(m)
    kept = [y for x in range(5) if (y := x) > 2]
    z = (w := 5) if (v := n) else (w := 6)
    return kept, y, z, w, v, [u := 1, u + 1], any((t := x) > 2 for x in range(9)), t


def comprehensions(log):
    x = 10
    return (
        [x for x in range(3)],
        {k: v for k, v in zip("ab", (1, 2)) if v > 1},
        {k for k in "abc" if k != "a" if k in "bz"},
        [(i, j) for i in range(3) for j in range(i) if i > j],
        [[j for j in range(i)] for i in range(3)],
        sum(i * x for i in range(3)),
        [y if y else -1 for y in (0, 1)],
        [a + b for a, b in [(1, 2)]],
        x,
    )


def lazy_generators(log):
    scale = 1
    generator = (_note(log, k) * scale for k in range(3))
    log.append("nothing yet")
    scale = 5
    first = next(generator)
    log.append("one")
    return first, list(generator)


def an_iterable_that_fails_at_once(log):
    generator = (x for x in None)
    return log.append("never"), generator


def names_of_variables(log):
    a = 1
    if a:
        b = 2
        found = sorted(locals())
    if "b" in locals():
        c = eval("a + b")
    for k in range(1):
        d = sorted(vars())
    return found, c, d


def imports(log):
    import math

    if math.pi > 3:
        import collections.abc
        import os.path as path
        from math import tau as turn
    return path.join("a", "b"), turn, collections.__name__


# functions and classes


def docstrings(log):
    def documented(x):
        """Say what."""
        if x:
            return 1
        return 2

    class Thing:
        """A thing."""

        def method(self):
            "What it does."
            if self:
                x = 1
            return x

    return documented.__doc__, documented(0), Thing.__doc__, Thing.method.__doc__, Thing().method()


def generators(log):
    def inner():
        try:
            if log == []:
                got = yield 1
                log.append(got)
            for k in range(3):
                yield k if k > 1 else -k
            yield from [5 and 6, 0 or 7]
            return "done"
        finally:
            log.append("closed")

    g = inner()
    result = [next(g), g.send("sent"), list(g)]
    other = inner()
    next(other)
    other.close()

    def outer():
        result = yield from inner()
        yield result

    return result, list(outer())


def coroutines(log):
    async def inner(x):
        if x > 1:
            await asyncio.sleep(0)
            return "large"
        return [y async for y in numbers() if y] if x else None

    async def numbers():
        for k in range(3):
            yield k

    return [asyncio.run(inner(x)) for x in (0, 1, 2)]


def decorators(log):
    def twice(times=2 if True else 3):
        def decorate(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                return [function(*args, **kwargs) for _ in range(times)]

            return wrapper

        return decorate

    @twice()
    @functools.lru_cache(maxsize=None if log else 8)
    def inner(x):
        log.append(x)
        return x if x else None

    return inner(0), inner(1), inner.__name__


class _Base:
    kinds = [k for k in "abc" if k != "b"]
    size = 3 if len(kinds) > 1 else 4

    def __init__(self, value=1):
        self.value = value

    def scaled(self, by):
        if by > 1:
            return self.value * by
        return self.value

    @classmethod
    def make(cls, value):
        return cls(value) if value else cls()

    @staticmethod
    def still(x):
        return x and x + 1


class _Derived(_Base):
    __factor = 10

    def scaled(self, by):
        __local = 1
        for __k in range(2):
            if by > 1:
                __local += super().scaled(by)
        found = super().scaled(by) if by else 0
        return (
            __local + found + self.__factor + self.__hidden(by) + sum(super(_Derived, self).scaled(j) for j in (1, 2))
        )

    def __hidden(self, by):
        return 1 if by > 1 else 2

    @classmethod
    def make(cls, value):
        if value > 5:
            return "too much"
        return super().make(value)

    @property
    def depth(self):
        return self._depth if hasattr(self, "_depth") else 0

    @depth.setter
    def depth(self, value):
        if value < 0:
            raise ValueError("negative")
        self._depth = value

    def __len__(self):
        return 0

    def __getattr__(self, name):
        if name.startswith("any"):
            return name
        raise AttributeError(name)


def classes(log):
    d = _Derived(4)
    d.depth = 3
    try:
        d.depth = -1
    except ValueError as error:
        log.append(str(error))
    return (
        d.scaled(2),
        d.scaled(0),
        d.depth,
        d.still(2),
        _Derived.make(6),
        _Derived.make(0).value,
        d.anything,
        _Derived.size,
        bool(d),
    )


def classes_inside(log):
    x = 5

    class Inner:
        x = 3
        y = [x for _ in range(2)]
        z = x if x > 2 else 0
        if z:
            w = "w"
        for k in range(2):
            last = k

        def method(self):
            return __class__.__name__ if x else None

    return Inner.y, Inner.z, Inner.w, Inner.last, Inner().method()


def dataclasses_(log):
    @dataclasses.dataclass(order=True)
    class Point:
        x: int
        y: int = 0
        tags: list = dataclasses.field(default_factory=lambda: [1] if log else [2])

        def __post_init__(self):
            if self.y == 0:
                self.y = self.x

    return (
        Point(1) == Point(1, 1),
        Point(1) < Point(2),
        Point(3).tags,
        Point(1) != Point(2),
        Point(1) in [Point(1)],
        dataclasses.replace(Point(1), y=7).y,
    )


def recursion(log):
    def depth(n):
        if n == 0:
            return 0
        return 1 + depth(n - 1)

    def flat(x):
        return [y for part in x for y in flat(part)] if isinstance(x, list) else [x]

    return depth(150), flat([1, [2, [3]], []])


def callables(log):
    class Doubling:
        def __call__(self, x):
            return x * 2 if x else None

        def __eq__(self, other):
            return True

    table = {"d": Doubling(), "l": lambda x: x + 1 if x > 1 else x}
    add = lambda a: lambda b: a if b else -a
    return (
        table["d"](3),
        Doubling()(0),
        table["l"](1),
        functools.partial(max, 3)(2),
        add(4)(0),
        (lambda *a, **k: a and k)(1, b=2),
    )


# errors


def caught_errors(log):
    result = []
    for k in range(4):
        try:
            if k == 1:
                raise KeyError(k)
            if k == 2:
                raise ValueError(k) from None
            result.append(1 // (k - 3))
        except KeyError as e:
            result.append(repr(e))
        except (ValueError, TypeError):
            result.append("value")
            continue
        except ZeroDivisionError:
            result.append("zero")
            break
        else:
            result.append("fine")
        finally:
            log.append(k)
    try:
        return result, e
    except NameError:
        return result


def the_name_of_an_error_is_gone(log):
    x = 1
    if x:
        try:
            raise ValueError
        except ValueError as x:
            log.append(type(x).__name__)
    try:
        return x
    except NameError:
        return "gone"


def an_error_in_a_branch(log):
    for k in range(3):
        if k == 1:
            log.append(k)
            raise LookupError(f"at {k}")
    return None


def an_error_with_a_cause(log):
    try:
        if not log:
            [].pop()
    except IndexError as error:
        raise RuntimeError("later") from error


def return_in_finally(log):
    def inner(x):
        try:
            if x:
                raise ValueError
            return "try"
        except ValueError:
            return "except"
        finally:
            if x == 2:
                return "finally"
            log.append(x)

    return [inner(x) for x in range(3)]


def context_managers(log):
    @contextlib.contextmanager
    def noted(name):
        log.append(f"in {name}")
        try:
            yield name if name else None
        except KeyError:
            log.append("caught")
        finally:
            log.append(f"out {name}")

    with noted("a") as a, noted("b") as b:
        if a:
            log.append(b)
            c = a + b
            raise KeyError
    for k in range(3):
        with noted(k):
            if k == 1:
                break
    return a, b, c


def error_groups(log):
    try:
        for k in range(3):
            if k:
                raise ExceptionGroup("two", [KeyError(1), ValueError(2)])
    except ExceptionGroup as group:
        matched, rest = group.split(KeyError)
        return len(matched.exceptions), len(rest.exceptions)


def else_of_loops(log):
    found = []
    for limit in range(6):
        for k in [3, 1, 4]:
            if k == limit:
                found.append("break")
                break
            if k > 3:
                continue
        else:
            found.append(f"none of {limit}")
            if limit == 5:
                break
        while limit < 3:
            limit += 2
            if limit == 3:
                break
        else:
            log.append(limit)
    else:
        log.append("never here")
    for _ in ():
        pass
    else:
        log.append("no break at all")
    return found


def patterns(log):
    def told(subject, strict=False):
        match subject:
            case 1:
                return "one"
            case 2 | 4 | "two":
                return "even"
            case None | True:
                return "single"
            case (0, _) | [0, _, _]:
                return "begins with 0"
            case (first, 7):
                return first
            case float() as number:
                return -number
            case [a, *rest]:
                return a, rest
            case _ if strict:
                return "strict"
            case other:
                return other, log.append("other")

    subjects = [1, 1.0, 4, "two", None, True, (0, 5), [0, 5, 6], "ab", (3, 7), 2.5, (8, 9, 10), {}, [], b"\x00a"]
    return [told(s) for s in subjects], told({}, strict=True)


def simple_patterns(log):
    def told(subject):
        match subject:
            case 3:
                log.append(subject)
            case (0, b) | (b, 0):
                return b
            case (1, (2, c)):
                return c
            case "x2" | "x3" if log:
                return "text"
            case False:
                return "false"
            case name:
                return name

    return [told(s) for s in ("x2", 3, (0, 4), (5, 0), [1, [2, 6]], "x2", "x4", False, 0, range(2))]


def texts(log):
    scale, table = 3, {"x3": "found", "x2": "not"}
    keys = [f"x{scale}", "x%d" % scale, "x{}".format(scale), "x" + str(scale), f"{'x'}{scale!s}"]
    log.append([table[k] for k in keys])
    return f"{scale:02d}|{scale!r}|{{}}|{1.5}|{None}", "%5.1f %s %%" % (2.25, [1]), "%(a)s" % {"a": 1}, "100%" % ()


def parts_of_lists(log):
    values = list(range(7))
    log += [values[::-1], values[1:], values[:-2], values[::2], values[5:1:-2], "text"[1:3], (1, 2, 3)[-2:]]
    values[1:3] = ["a"]
    del values[-2:]
    return values
