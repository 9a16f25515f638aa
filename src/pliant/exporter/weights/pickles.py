"""Reading a pickle without running it.

A pickle is a program for a small stack machine, two of whose instructions call whatever Python objects the file names.
This machine makes containers, numbers and texts, and *descriptions* of tensors. It has no way to import or call
anything: a name from a list of harmless ones becomes an inert thing, and any other name ends the reading.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any, BinaryIO

from pliant.exporter.weights.names import Foreign, Inert, Name, filed, made, name_of, put
from pliant.exporter.weights.stored import Damaged, Stored, Withheld, shown

MOST_BYTES = 64 << 20  # a description of a tensor takes 200 bytes
MOST_STEPS = 1_000_000  # and 25 instructions, so that 40,000 tensors may be described


class Machine:
    """The stack machine; `run` gives what the program leaves. Texts and numbers come decoded from `pickletools`.

    `widths` has the storages that it refers to, with the bytes that one number of each takes.
    """

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[Any, Any] = {}
        self.widths: dict[str, int] = {}
        self.steps = 0

    def run(self, source: BinaryIO) -> Any:
        """What the pickle that starts here stands for; the source is left behind it.

        Raises Foreign for an object that is no data, Damaged for what is no pickle or absurdly long.
        """
        try:
            for opcode, argument, _ in pickletools.genops(Limited(source)):  # type: ignore[arg-type]
                self.spend(1)
                if opcode.name == "STOP":
                    return self.stack.pop()
                STEPS.get(opcode.name, unknown)(self, argument)
        except Damaged:
            raise
        except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise Damaged(f"its description is broken: {type(error).__name__}") from error
        raise Damaged("its description has no end")

    def spend(self, steps: int) -> None:
        """Count work, so that a short program cannot ask for much. Raises Damaged if it does."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise Damaged(f"its description takes more than {MOST_STEPS} steps")

    def popped(self) -> list[Any]:
        """Everything above the last mark."""
        items = self.stack
        self.stack = self.marks.pop()
        return items


class Limited:
    """A file of which at most `MOST_BYTES` can be read."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.left = MOST_BYTES

    def _count(self, data: bytes) -> bytes:
        self.left -= len(data)
        if self.left <= 0:
            raise Damaged(f"its description is longer than {MOST_BYTES >> 20} MiB")
        return data

    def read(self, count: int) -> bytes:
        """As of a file."""
        return self._count(self.source.read(min(count, self.left)))

    def readline(self) -> bytes:
        """As of a file."""
        return self._count(self.source.readline(self.left))


def unknown(machine: Machine, argument: Any) -> None:
    """An instruction that makes objects in a way that only full pickles use, or that there is not."""
    raise Foreign("an object made in a way of its own" if argument is None else shown(argument))


def push(machine: Machine, argument: Any) -> None:
    """A number or text of the file."""
    machine.stack.append(argument)


def constant(make: Callable[[], Any]) -> Callable[[Machine, Any], None]:
    """The instruction that pushes what `make` gives."""
    return lambda machine, _: machine.stack.append(make())


def gathered(make: Callable[[list[Any]], Any]) -> Callable[[Machine, Any], None]:
    """The instruction that makes one thing of all above the mark."""

    def step(machine: Machine, _: Any) -> None:
        items = machine.popped()
        machine.stack.append(make(items))

    return step


def tupled(count: int) -> Callable[[Machine, Any], None]:
    """The instruction that makes a tuple of the last `count`."""

    def step(machine: Machine, _: Any) -> None:
        items = [machine.stack.pop() for _ in range(count)]
        machine.stack.append(tuple(reversed(items)))

    return step


def _paired(target: dict[Any, Any], items: list[Any]) -> dict[Any, Any]:
    for key, value in zip(items[::2], items[1::2], strict=True):
        put(target, key, value)
    return target


def set_items(machine: Machine, items: list[Any]) -> None:
    """Put pairs into the dictionary on top; an inert thing takes none."""
    target = machine.stack[-1]
    if isinstance(target, dict):
        _paired(target, items)
    elif not isinstance(target, Inert):
        raise Damaged("its description puts a name into what has none")


def append(machine: Machine, items: list[Any]) -> None:
    """Put things into the list on top; an inert thing takes none."""
    target = machine.stack[-1]
    if isinstance(target, list):
        target.extend(items)
    elif not isinstance(target, Inert):
        raise Damaged("its description appends to what is no list")


def item(machine: Machine, _: Any) -> None:
    """SETITEM."""
    value, key = machine.stack.pop(), machine.stack.pop()
    set_items(machine, [key, value])


def named(machine: Machine, argument: Any) -> None:
    """GLOBAL: a name as one text, module and name with a space between."""
    module, _, name = str(argument).partition(" ")
    machine.stack.append(name_of(module, name))


def named_by_stack(machine: Machine, _: Any) -> None:
    """STACK_GLOBAL."""
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(name_of(module, name))


def call(machine: Machine, _: Any) -> None:
    """REDUCE and NEWOBJ: in a pickle a call, here a description."""
    given, function = machine.stack.pop(), machine.stack.pop()
    if not isinstance(function, Name) or not isinstance(given, tuple):
        raise Damaged("its description calls what cannot be called")
    machine.spend(sum(len(g) for g in given if isinstance(g, list)))  # which may be copied
    machine.stack.append(made(function, given))


def build(machine: Machine, _: Any) -> None:
    """BUILD: attributes of an object, of which data has none that matter here."""
    machine.stack.pop()
    if not isinstance(machine.stack[-1], Inert | dict | Stored | Withheld):
        raise Damaged("its description gives attributes to what has none")


def refer(machine: Machine, _: Any) -> None:
    """BINPERSID."""
    storage = filed(machine.stack.pop())
    machine.widths.setdefault(storage.key, storage.dtype.itemsize)
    machine.stack.append(storage)


def mark(machine: Machine, _: Any) -> None:
    """MARK."""
    machine.marks.append(machine.stack)
    machine.stack = []


def remember(machine: Machine, argument: Any) -> None:
    """PUT, and MEMOIZE, which counts."""
    machine.memo[len(machine.memo) if argument is None else argument] = machine.stack[-1]


def drop(machine: Machine, _: Any) -> None:
    """POP: the last thing, or the mark if there is none above it."""
    if machine.stack:
        machine.stack.pop()
    else:
        machine.popped()


def drop_marked(machine: Machine, _: Any) -> None:
    """POP_MARK."""
    machine.popped()


STEPS: dict[str, Callable[[Machine, Any], None]] = {
    **dict.fromkeys(("PROTO", "FRAME"), lambda machine, argument: None),
    **dict.fromkeys(("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"), push),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"), push),
    **dict.fromkeys(("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "BYTEARRAY8"), push),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), remember),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda machine, k: machine.stack.append(machine.memo[k])),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), call),
    "NONE": push,
    "NEWTRUE": constant(lambda: True),
    "NEWFALSE": constant(lambda: False),
    "EMPTY_LIST": constant(list),
    "EMPTY_DICT": constant(dict),
    "EMPTY_TUPLE": constant(tuple),
    "EMPTY_SET": constant(lambda: Inert("set")),
    "ADDITEMS": lambda machine, _: append(machine, machine.popped()),
    "FROZENSET": gathered(lambda _: Inert("frozenset")),
    "LIST": gathered(list),
    "TUPLE": gathered(tuple),
    "DICT": gathered(lambda items: _paired({}, items)),
    "TUPLE1": tupled(1),
    "TUPLE2": tupled(2),
    "TUPLE3": tupled(3),
    "APPEND": lambda machine, _: append(machine, [machine.stack.pop()]),
    "APPENDS": lambda machine, _: append(machine, machine.popped()),
    "SETITEM": item,
    "SETITEMS": lambda machine, _: set_items(machine, machine.popped()),
    "MARK": mark,
    "POP": drop,
    "POP_MARK": drop_marked,
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    "GLOBAL": named,
    "STACK_GLOBAL": named_by_stack,
    "BUILD": build,
    "BINPERSID": refer,
}


def read_pickle(source: BinaryIO) -> Any:
    """What the pickle that starts here stands for; see `Machine.run`."""
    return Machine().run(source)
