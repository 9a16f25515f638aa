"""Loops whose number of iterations is known only at run time.

One iteration is traced, on variables that stand for whatever the iteration before left behind. Which variables change,
and which of their lengths, shows when it has been traced: an attempt that finds out something new is thrown away, and
the next one knows it. Where the first iteration is of another kind than the others (`previous = None`), it is taken
out of the loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import Any

import torch

from pliant.capture.iteration import Attempt, Loop
from pliant.capture.live.choices import both, is_live, opposite, set_example, truth_of
from pliant.capture.paths import Paths, Undecidable
from pliant.capture.plan import Again, Plan
from pliant.capture.repeated import Repeated, things
from pliant.capture.state import State
from pliant.operators import structure as ops

MOST_ATTEMPTS = 20


class Loops:
    """The loops of one trace."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths

    def each(self, iterable: Any, body: FunctionType, names: Sequence[str], kept: Sequence[str]) -> None:
        """`for item in iterable: body(item)`; `body` returns whether to `break`.

        `names` are the variables that the body changes, `kept` those of them that are used elsewhere too.
        """
        live = things(iterable)
        if live is None:
            self._plain(iter(iterable), body)
        else:
            self._repeat(Loop(body, lambda k: body(live.item(k)), None, names, kept), live.count, True)

    def gathered(self, live: Repeated) -> list[Any]:
        """A live number of tensors as a list that holds them."""
        found: list[Any] = []

        def body(x: Any) -> bool:
            nonlocal found
            found.append(x)
            return False

        self.each(live, body, ("found",), ("found",))  # pyright: ignore[reportArgumentType]
        return found

    def probe(self) -> Any:
        """The number of an iteration of no loop, to see what something is like there."""
        self.paths.loops += 1
        return set_example(ops.iteration(torch.zeros(()), self.paths.loops).item(), 0)

    def _plain(self, items: Iterator[Any], body: FunctionType) -> None:
        for item in items:
            stop = self.paths.fork(body, lambda item=item: body(item))
            if is_live(stop):
                rest, going = list(items), opposite(truth_of(stop))
                if rest:
                    self.paths.fork(body, lambda rest=rest, going=going: self._rest(going, rest, body))
                return
            if stop:
                return

    def _rest(self, going: Any, rest: list[Any], body: FunctionType) -> None:
        if self.paths.truth(going):
            self._plain(iter(rest), body)

    def during(self, test: FunctionType, body: FunctionType, names: Sequence[str], kept: Sequence[str]) -> None:
        """`while test(): body()`; `body` returns whether to `break`."""
        loop = Loop(body, lambda _: body(), test, names, kept)
        while True:
            going = truth_of(self.paths.fork(test))
            if is_live(going):
                return self._repeat(loop, None, going)
            if not going:
                return None
            stop = self.paths.fork(body)
            if is_live(stop):
                return self._repeat(loop, None, both(opposite(truth_of(stop)), truth_of(self.paths.fork(test))))
            if stop:
                return None

    def _repeat(self, loop: Loop, times: Any, first: Any) -> None:
        plan, offset = Plan(), 0
        for _ in range(MOST_ATTEMPTS):
            before = State.of(loop.block, self.paths.modules)
            self.paths.loops += 1
            try:
                Attempt(self.paths, loop, self.paths.loops, plan, before).run(times, first, offset)
                return
            except Again as again:
                before.restore()
                if again.plan.peeled and not plan.peeled:
                    first, times = self._peel(loop, times, first)
                    if first is False:  # this way has no iteration at all
                        return
                    offset = 1
                plan = again.plan
        raise Undecidable("what an iteration of this loop leaves behind changes its kind again and again")

    def _peel(self, loop: Loop, times: Any, first: Any) -> tuple[Any, Any]:
        """Run the first iteration on its own, if there is one; returns (first, times) of the others."""
        start = first if times is None else both(first, times > 0)

        def once() -> Any:
            if not self.paths.truth(start):
                return False
            stop = opposite(truth_of(loop.body(0)))
            return stop if loop.test is None else both(stop, truth_of(loop.test()))

        return self.paths.fork(loop.block, once), None if times is None else times - 1
