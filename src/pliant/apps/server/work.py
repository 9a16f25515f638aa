"""Bounded work: some requests are computed, some wait, and the others are told to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from math import ceil, inf
from threading import Event
from time import perf_counter
from typing import TypeVar

from pliant.apps.server.line import Line, Place
from pliant.apps.server.problems import Problem

T = TypeVar("T")
LENDING = 2.0  # seconds that a request waits for a step of something aside, before it is done beside it
PATIENCE = 0.5  # seconds between looks at whether the client is still there


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The work was asked to stop."""


class Ticket:
    """Of one piece of work: whether it should go on. `told` is called with the share that is done, at each step."""

    def __init__(self, told: Callable[[float], None] | None = None) -> None:
        self._stop, self._told = Event(), told
        self._between: Callable[[], None] | None = None
        self._released: Callable[[], None] | None = None
        self._place: Place | None = None

    @property
    def stopped(self) -> bool:
        """Whether somebody has asked it to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask the work to stop; it does so at its next step."""
        self._stop.set()
        if self._place is not None:
            self._place.wake()

    def step(self, share: float = 0.0) -> None:
        """Called by the work between its steps. Raises Stopped."""
        if self._told is not None:
            self._told(share)
        if self._between is not None and not self.stopped:
            self._between()
        if self.stopped:
            raise Stopped

    def release(self) -> None:
        """Called by the work when what is left of it needs no worker: the next may begin beside it."""
        if self._released is not None:
            self._released()

    def at(
        self, place: Place, between: Callable[[], None] | None = None, released: Callable[[], None] | None = None
    ) -> None:
        """Where the work is done. `between` is called at each step, `released` when the place is needed no more."""
        self._place, self._between, self._released = place, between, released


class Work:
    """Runs functions, `workers` at the same time; `queue` more may wait. Used from one event loop.

    One more runs that has released its place: writing a result goes on beside the computing of the next.

    What is run by `aside` shares the workers with them: everybody waits in one line, and what is aside goes back to its
    end at each step. If it comes to no step for long, a request is done beside it.
    """

    def __init__(self, workers: int, queue: int) -> None:
        self.workers, self.queue = workers, queue
        self._threads = ThreadPoolExecutor(workers + 1, thread_name_prefix="pliant-work")
        self._aside = ThreadPoolExecutor(workers, thread_name_prefix="pliant-aside")
        self._line = Line(workers)
        self._tickets = set[Ticket]()
        self._mean = 1.0  # seconds of one piece of work, of late
        self.closing = False

    @property
    def running(self) -> int:
        """How many are computed now."""
        return self._line.taken

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._line.waiting

    @property
    def busy(self) -> bool:
        """Whether more than one is computed or waits."""
        return self.running + self.waiting > 1

    @property
    def accepts(self) -> bool:
        """Whether one more would be taken."""
        return not self.closing and len(self._tickets) < self.workers + self.queue

    async def run(
        self,
        do: Callable[[Ticket], T],
        seconds: float | None = None,
        gone: Callable[[], Awaitable[bool]] | None = None,
        undo: Callable[[], object] | None = None,
    ) -> T:
        """What `do` returns, which is called in another thread with a ticket whose `step` it should call often.

        `gone` is asked from time to time whether nobody waits for the result any more. If this raises, `undo` is called
        once, as soon as `do` has ended or will never begin: only then does nothing come any more that must be removed.

        Raises:
            Problem: 429 if too many wait already, with the seconds after which to try again; 503 if it takes longer
                than `seconds` or the server is closing.
            Stopped: nobody waits any more.
        """
        try:
            self.check()
        except Problem:
            if undo is not None:
                undo()
            raise
        ticket = Ticket()
        self._tickets.add(ticket)
        place = Place()
        self._line.join(place)
        ticket.at(place, released=partial(self._line.leave, place))
        begun = self._begun(self._threads, ticket, place, partial(self._timed, do, ticket, place))
        future = asyncio.wrap_future(begun)
        try:
            return await self._result(future, seconds, gone)
        except BaseException:
            ticket.stop()
            future.cancel()
            begun.cancel()  # if it has not begun it never will
            if undo is not None:
                begun.add_done_callback(lambda _: undo())  # at once, if it has ended
            raise

    def check(self) -> None:
        """Raise Problem (429, 503) as `run` would now; for those who would have to do much before they can ask."""
        if self.closing:
            raise Problem(503, "The server is shutting down; try again later.", {"Retry-After": "5"})
        if not self.accepts:
            wait = ceil(self._mean * (self.waiting + 1) / self.workers)
            raise Problem(
                429,
                f"{self.running} requests are computed and {self.waiting} wait, which is the limit; try again in "
                f"{wait} seconds.",
                {"Retry-After": str(wait)},
            )

    async def aside(self, do: Callable[[Ticket], T], ticket: Ticket) -> T:
        """As `run`, for what nobody waits for: it takes no place in the queue and has all the time it needs.

        At each step it lets those who wait go first. As many as there are workers begin; others wait without limit.

        Raises Stopped when `ticket` is.
        """
        place = Place(gives_way=True)
        ticket.at(place, partial(self._line.give_way, place))

        def joined() -> T:  # in its thread, not before: who has a place but no thread would be in the way
            self._line.join(place)
            return self._placed(do, ticket, place)

        return await asyncio.wrap_future(self._begun(self._aside, ticket, place, joined))

    def _begun(self, threads: ThreadPoolExecutor, ticket: Ticket, place: Place, do: Callable[[], T]) -> Future[T]:
        def ended(future: Future[T]) -> None:
            del future
            self._line.leave(place)
            self._tickets.discard(ticket)

        future = threads.submit(do)
        future.add_done_callback(ended)  # of the thread's own future: another may be cancelled while the thread runs
        return future

    async def _result(
        self, future: asyncio.Future[T], seconds: float | None, gone: Callable[[], Awaitable[bool]] | None
    ) -> T:
        started = perf_counter()
        while True:
            left = inf if seconds is None else started + seconds - perf_counter()
            done, _ = await asyncio.wait([future], timeout=max(0.0, min(PATIENCE, left)))
            if done:
                return future.result()
            if left <= 0:
                raise Problem(
                    503,
                    "It took longer than the limit for one request; send a job to /v1/jobs, or a smaller picture.",
                )
            if gone is not None and await gone():
                raise Stopped

    def _timed(self, do: Callable[[Ticket], T], ticket: Ticket, place: Place) -> T:
        while not place.wait(LENDING):
            self._line.lend(place)
        started = perf_counter()
        try:
            return self._placed(do, ticket, place)
        finally:
            self._mean += 0.2 * (perf_counter() - started - self._mean)

    def _placed(self, do: Callable[[Ticket], T], ticket: Ticket, place: Place) -> T:
        place.wait()
        if ticket.stopped:
            raise Stopped
        return do(ticket)

    def close(self) -> None:
        """Take no more work, and wait for what runs."""
        self.closing = True
        for threads in (self._threads, self._aside):
            threads.shutdown(wait=True, cancel_futures=True)
