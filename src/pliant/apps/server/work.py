"""Bounded work: some requests are computed, some wait, and the others are told to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from threading import Event
from time import perf_counter
from typing import TypeVar

from pliant.apps.server.problems import Problem

T = TypeVar("T")
PATIENCE = 0.5  # seconds between looks at whether the client is still there


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The work was asked to stop."""


class Ticket:
    """Of one piece of work: whether it should go on."""

    def __init__(self) -> None:
        self._stop = Event()

    def stop(self) -> None:
        """Ask the work to stop; it does so at its next step."""
        self._stop.set()

    def step(self, share: float = 0.0) -> None:
        """Called by the work between its steps. Raises Stopped."""
        del share
        if self._stop.is_set():
            raise Stopped


class Work:
    """Runs functions in `workers` threads; `queue` more may wait. Used from one event loop."""

    def __init__(self, workers: int, queue: int) -> None:
        self.workers, self.queue = workers, queue
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="pliant-work")
        self._tickets = set[Ticket]()
        self._mean = 1.0  # seconds of one piece of work, of late
        self.closing = False

    @property
    def running(self) -> int:
        """How many are computed now."""
        return min(len(self._tickets), self.workers)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return max(0, len(self._tickets) - self.workers)

    @property
    def accepts(self) -> bool:
        """Whether one more would be taken."""
        return not self.closing and len(self._tickets) < self.workers + self.queue

    async def run(
        self,
        do: Callable[[Ticket], T],
        seconds: float | None = None,
        gone: Callable[[], Awaitable[bool]] | None = None,
    ) -> T:
        """What `do` returns, which is called in another thread with a ticket whose `step` it should call often.

        `gone` is asked from time to time whether nobody waits for the result any more.

        Raises:
            Problem: 429 if too many wait already, with the seconds after which to try again; 503 if it takes longer
                than `seconds` or the server is closing.
            Stopped: nobody waits any more.
        """
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
        ticket = Ticket()
        self._tickets.add(ticket)
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, self._timed, do, ticket)
        future.add_done_callback(lambda _: self._tickets.discard(ticket))
        try:
            return await self._result(future, seconds, gone)
        except BaseException:
            ticket.stop()
            future.cancel()  # one that has not begun never will
            raise

    async def _result(
        self, future: asyncio.Future[T], seconds: float | None, gone: Callable[[], Awaitable[bool]] | None
    ) -> T:
        started = perf_counter()
        while True:
            done, _ = await asyncio.wait([future], timeout=PATIENCE)
            if done:
                return future.result()
            if seconds is not None and perf_counter() - started > seconds:
                raise Problem(
                    503,
                    f"It took longer than {seconds:g} seconds, the limit for one request; send it as a job to "
                    "/v1/jobs, or a smaller picture.",
                )
            if gone is not None and await gone():
                raise Stopped

    def _timed(self, do: Callable[[Ticket], T], ticket: Ticket) -> T:
        started = perf_counter()
        ticket.step()
        try:
            return do(ticket)
        finally:
            self._mean += 0.2 * (perf_counter() - started - self._mean)

    def close(self) -> None:
        """Take no more work, and wait for what runs."""
        self.closing = True
        self._threads.shutdown(wait=True, cancel_futures=True)
