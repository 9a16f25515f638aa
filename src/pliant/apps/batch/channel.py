"""How the stages of the pipeline hand work on without piling it up."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Queue
from threading import Condition, Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
STRIPS = 2  # that may wait


class Abandoned(Exception):  # noqa: N818 - no error, but a message between two threads
    """The reader has given up."""


class Stopped(Exception):  # noqa: N818 - as above
    """The writer has given up, and nobody is to be told why."""


class Channel:
    """The strips of one picture on their way from the network to the thread that writes them."""

    def __init__(self) -> None:
        self._queue: Queue[Array | BaseException | tuple[str, ...]] = Queue()
        self._room, self._waiting = Condition(), 0
        self._closed, self._given_up = False, Event()
        self.notes: tuple[str, ...] = ()

    def put(self, strip: Array) -> None:
        """Hand a strip on; waits while several are not taken yet. Raises Abandoned if the reader has given up."""
        with self._room:
            self._room.wait_for(lambda: self._waiting < STRIPS or self._given_up.is_set())
            if self._given_up.is_set():
                raise Abandoned
            self._waiting += 1
        self._queue.put(strip)

    def close(self, notes: tuple[str, ...]) -> None:
        """There are no more strips; `notes` are about how they were made."""
        self._queue.put(notes)
        self._closed = True  # after it: an interruption in between must not leave the reader waiting

    def fail(self, error: BaseException) -> None:
        """Let the reader raise `error`, unless it has everything already."""
        if not self._closed:
            self._queue.put(error)
            self._closed = True

    def give_up(self) -> None:
        """The reader wants no more."""
        with self._room:
            self._given_up.set()
            self._room.notify_all()

    def __iter__(self) -> Iterator[Array]:
        """The strips. Raises what the writer failed with."""
        while True:
            found = self._queue.get()
            if isinstance(found, BaseException):
                raise found
            if not isinstance(found, np.ndarray):
                self.notes = found
                return
            with self._room:
                self._waiting -= 1
                self._room.notify_all()
            yield found


class Budget:
    """Bytes that pictures on their way may have together; one alone may have more."""

    def __init__(self, limit: float, count: int) -> None:
        """`count` is how many pictures there may be."""
        self._limit, self._count = limit, count
        self._used = self._held = 0
        self._free = Condition()

    def take(self, amount: int, wait: bool) -> bool:
        """Take an amount for one more picture, if there is room or none is on its way; with `wait`, when there is."""
        with self._free:
            if wait:
                self._free.wait_for(lambda: self._fits(amount))
            elif not self._fits(amount):
                return False
            self._used, self._held = self._used + amount, self._held + 1
            return True

    def give_back(self, amount: int) -> None:
        """A picture is finished."""
        with self._free:
            self._used, self._held = self._used - amount, self._held - 1
            self._free.notify_all()

    def _fits(self, amount: int) -> bool:
        return not self._held or (self._held < self._count and self._used + amount <= self._limit)
