"""What the rewritten source of a model asks while it is traced; see `rewrite.py` for what it asks where."""

from __future__ import annotations

import builtins
import operator
import sys
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any

import torch
from torch import SymBool, Tensor, nn
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from pliant.capture.base import Table
from pliant.capture.calling import by_position, takes_mod
from pliant.capture.live import texts
from pliant.capture.live.choices import as_int, both, either, is_live, is_number, known, opposite, truth_of
from pliant.capture.lookups import TABLES, bounded, found
from pliant.capture.loops import Loops
from pliant.capture.paths import Outwards, Paths, Undecidable
from pliant.capture.repeated import Repeated, things

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda item, container: item in container,
    "not in": lambda item, container: item not in container,
}


def _any_live(value: Any) -> bool:
    """Whether a value is live, or a container with something live in it."""
    if isinstance(value, (tuple, list, set, frozenset)):
        return any(_any_live(v) for v in value)
    return texts.undecided(value)


class Helper:
    """The object that rewritten source knows as `__pliant__`."""

    def __init__(self, table: Table, paths: Paths) -> None:
        self.table, self.paths = table, paths
        self.fork = paths.fork
        self.truth = paths.truth
        self.attempt = paths.attempt
        self.loops = Loops(paths)
        self.each, self.during = self.loops.each, self.loops.during
        self.patched = {f.__name__: f for f in table.calls if getattr(builtins, f.__name__, None) is f}

    def resolve(self, callee: Any) -> Any:
        """What is called where the source says `callee`."""
        for name, original in self.patched.items():  # torch.export puts its own min and max there while it traces
            if callee is getattr(builtins, name):
                return self.table.calls[original]
        if isinstance(callee, nn.Module) and takes_mod(callee):
            return by_position(callee)
        return self.table.instead_of(callee)

    def assume(self, value: Any) -> Any:
        """The truth of an `assert`: what the model demands of a live value is taken to hold, outside a `try`."""
        condition = truth_of(value)
        if not isinstance(condition, SymBool):
            return condition
        if self.paths.attempts:
            return self.truth(condition)
        static = known(condition)
        return True if static is None else static

    def pass_on(self) -> None:
        """At the beginning of an `except`: what concerns the capture is no error of the model's."""
        error = sys.exc_info()[1]
        if isinstance(error, (Outwards, Undecidable, GuardOnDataDependentSymNode)):
            raise error

    def all_of(self, *values: FunctionType) -> Any:
        """`and`. Live truths become one live truth; other live values are decided on."""
        return self._combined(values, both, stop=False)

    def any_of(self, *values: FunctionType) -> Any:
        """`or`."""
        return self._combined(values, either, stop=True)

    def _combined(self, values: Iterable[FunctionType], join: Callable[[Any, Any], Any], *, stop: bool) -> Any:
        thunks = list(values)
        so_far: Any = None
        for k, thunk in enumerate(thunks):
            value = thunk()
            last = k == len(thunks) - 1
            if isinstance(value, Tensor) and value.numel() == 1 and value.dtype == torch.bool and not last:
                value = truth_of(value)
            if isinstance(value, SymBool):
                so_far = value if so_far is None else join(so_far, value)
            elif is_live(value) or isinstance(value, Tensor) or (so_far is not None and not isinstance(value, bool)):
                return self._decided(thunks[k:], value, so_far, join, stop=stop)
            elif so_far is not None:
                so_far = join(so_far, value)
            elif last or bool(value) is stop:
                return value
            if not is_live(so_far) and so_far is not None and bool(so_far) is stop:
                return so_far
        return so_far

    def _decided(
        self, thunks: list[FunctionType], value: Any, so_far: Any, join: Callable[[Any, Any], Any], *, stop: bool
    ) -> Any:
        """The rest of a chain whose value is not a truth, such as `factor or 2.0`."""

        def chain() -> Any:
            if so_far is not None and self.truth(so_far) is stop:
                return stop
            if len(thunks) == 1 or self.truth(value) is stop:
                return value
            return self._combined(thunks[1:], join, stop=stop)

        return self.fork(chain)  # pyright: ignore[reportArgumentType] - a nested function is a FunctionType

    def negation(self, value: Any) -> Any:
        """`not`."""
        condition = truth_of(value) if is_live(value) or isinstance(value, Tensor) else value
        return opposite(condition) if isinstance(condition, SymBool) else not condition

    def comparison(self, symbols: tuple[str, ...], *values: FunctionType) -> Any:
        """A chain of comparisons, `a < b < c`; each value is asked for once."""
        left = values[0]()
        result: Any = True
        for position, (symbol, thunk) in enumerate(zip(symbols, values[1:], strict=True), 1):
            right = thunk()
            found = self._compared(symbol, left, right)
            truth = found if result is True and position == len(symbols) else truth_of(found)
            if not is_live(result) and (position == len(symbols) or (not is_live(truth) and not truth)):
                return found
            result = both(result, truth)
            if result is False:
                return False
            left = right
        return result

    def at(self, container: Any, index: Any) -> Any:
        """`container[index]`. A live place in a list or dict is decided on, one place after the other."""
        if isinstance(index, SymBool):
            index = as_int(index)
        repeated = things(container) if not isinstance(container, Tensor) else None
        if repeated is not None:
            return repeated.item(index + repeated.count if not is_live(index) and index < 0 else index)
        if isinstance(index, Tensor) and isinstance(container, TABLES) and index.numel() == 1:
            index = index.item()  # a list asks a tensor for the number in it
        if texts.undecided(index) and isinstance(container, TABLES):
            return found(self.paths, container, index)
        holder: Any = container
        return holder[index]

    def part(self, container: Any, start: Any, stop: Any, step: Any) -> Any:
        """`container[start:stop:step]`; of a live number of things, and of a list by live bounds."""
        repeated = things(container) if not isinstance(container, Tensor) else None
        if repeated is not None:
            return repeated.part(start, stop, step)
        if isinstance(container, TABLES) and not isinstance(container, torch.Size):
            start, stop = (bounded(self.paths, bound, len(container)) for bound in (start, stop))
        whole: Any = container
        return whole[start:stop:step]

    def text(self, *values: Any) -> str:
        """An f-string without directions about digits."""
        return texts.text(*values)

    def remainder(self, left: Any, right: Any) -> Any:
        """`left % right`, where `left` is text."""
        values = right if isinstance(right, tuple) else (right,)
        filled = texts.filled(left, right) if any(texts.undecided(v) for v in values) else None
        return left % right if filled is None else filled

    def is_sequence(self, value: Any, length: int) -> bool:
        """Whether a pattern of `length` elements may fit `value`."""
        return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)) and len(value) == length

    def _compared(self, symbol: str, left: Any, right: Any) -> Any:
        if not _any_live(left) and not _any_live(right):
            return OPERATORS[symbol](left, right)
        if symbol in ("==", "!="):
            found = self._equal(left, right)
            return (
                found if symbol == "==" else (opposite(found) if isinstance(found, (bool, SymBool)) else left != right)
            )
        if symbol in ("in", "not in"):
            found = self._contained(left, right)
            return found if symbol == "in" else self.negation(found)
        if isinstance(left, (tuple, list)) and isinstance(right, (tuple, list)) and not symbol.startswith("is"):
            return self._ordered(symbol, list(left), list(right))
        return OPERATORS[symbol](left, right)

    def _ordered(self, symbol: str, left: list[Any], right: list[Any]) -> Any:
        """Two sequences in the order of a dictionary."""
        if not left or not right:
            return OPERATORS[symbol](len(left), len(right))
        first = OPERATORS[symbol[0]](left[0], right[0])
        rest = both(truth_of(self._equal(left[0], right[0])), truth_of(self._ordered(symbol, left[1:], right[1:])))
        return either(truth_of(first), rest)

    def _equal(self, left: Any, right: Any) -> Any:
        if isinstance(left, texts.LiveText) or isinstance(right, texts.LiveText):
            return texts.equal(left, right)
        pair = isinstance(left, (tuple, list)) and isinstance(right, (tuple, list))
        if not pair or not any(is_live(v) for v in (*left, *right)):
            return left == right
        if len(left) != len(right) or isinstance(left, list) is not isinstance(right, list):
            return False
        result: Any = True
        for a, b in zip(left, right, strict=True):
            result = both(result, truth_of(self._equal(a, b)))
        return result

    def _contained(self, item: Any, container: Any) -> Any:
        if isinstance(container, (dict, nn.ModuleDict, nn.ParameterDict)):
            container = list(container.keys())
        if not isinstance(container, (tuple, list, set, frozenset, range)):
            return item in container
        if not any(texts.undecided(v) for v in (item, *container)):
            return item in container
        result: Any = False
        for value in container:
            result = either(result, truth_of(self._equal(item, value)))
        return result

    def generated(self, iterable: Any, item: Callable[[Any], Any]) -> Any:
        """`(item(x) for x in iterable)`."""
        live = things(iterable)
        return (item(x) for x in iterable) if live is None else self.listed(live, item)

    def listed(self, iterable: Any, item: Callable[[Any], Any]) -> Any:
        """`[item(x) for x in iterable]`."""
        live = things(iterable)
        if live is None:
            return [item(x) for x in iterable]
        mapped = Repeated(live.count, lambda k: item(live.item(k)))
        if is_number(mapped.item(self.loops.probe())):
            return mapped  # numbers are computed where they are used
        return self.loops.gathered(mapped)
