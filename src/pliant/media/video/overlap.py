"""Work that goes on in another thread while this one computes, with a bounded number of things in between.

An error in either thread ends the other and is raised in the one that began; so does an interrupt.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")
WAIT = 0.1  # seconds after which a waiting thread looks whether it is still wanted


class _Ended(Exception):  # noqa: N818 - no error: the other side has stopped
    """The other thread has been told to stop."""


class _Channel(Generic[Item]):
    """A bounded queue whose both ends notice when the work is over; `None` marks the end."""

    def __init__(self, depth: int) -> None:
        self.queue: Queue[Item | None] = Queue(depth)
        self.stopped = Event()

    def put(self, item: Item | None) -> None:
        while not self.stopped.is_set():
            try:
                return self.queue.put(item, timeout=WAIT)
            except Full:  # noqa: PERF203 - waiting is what the loop is for
                continue
        raise _Ended

    def get(self) -> Item | None:
        while not self.stopped.is_set():
            try:
                return self.queue.get(timeout=WAIT)
            except Empty:  # noqa: PERF203
                continue
        raise _Ended


@contextmanager
def ahead(items: Iterable[Item], depth: int = 2) -> Generator[Iterator[Item], None, None]:
    """The items, made by another thread up to `depth` ahead. What making them raises is raised where they are taken."""
    channel, errors = _Channel[Item](depth), list[BaseException]()

    def make() -> None:
        try:
            for item in items:
                channel.put(item)
            channel.put(None)
        except _Ended:
            pass
        except BaseException as error:  # noqa: BLE001 - raised in the thread that takes the items
            errors.append(error)
            channel.stopped.set()

    def taken() -> Iterator[Item]:
        try:
            while (item := channel.get()) is not None:
                yield item
        except _Ended:
            raise errors[0] from None

    thread = Thread(target=make, name="pliant-decoding", daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        channel.stopped.set()
        thread.join()


@contextmanager
def behind(consume: Callable[[Item], None], depth: int = 2) -> Generator[Callable[[Item], None], None, None]:
    """A function that hands items to another thread, which calls `consume` with each in turn.

    What that raises is raised by the function, or where the block ends. When the block ends by itself, all items have
    been consumed; when it ends by an exception, those that wait are dropped.
    """
    channel, errors = _Channel[Item](depth), list[BaseException]()

    def work() -> None:
        try:
            while (item := channel.get()) is not None:
                consume(item)
        except _Ended:
            pass
        except BaseException as error:  # noqa: BLE001 - raised in the thread that hands over
            errors.append(error)
            channel.stopped.set()

    def put(item: Item | None) -> None:
        try:
            channel.put(item)
        except _Ended:
            raise errors[0] from None

    thread = Thread(target=work, name="pliant-encoding", daemon=True)
    thread.start()
    try:
        yield put
        put(None)
        thread.join()
    finally:
        channel.stopped.set()
        thread.join()
    if errors:
        raise errors[0]
