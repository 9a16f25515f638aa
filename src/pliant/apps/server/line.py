"""Places to compute in, given to threads in the order in which they asked."""

from __future__ import annotations

from collections import deque
from threading import Event, Lock


class Place:
    """Of one who has a place, or waits for one. Who `gives_way` calls `Line.give_way` from time to time."""

    def __init__(self, gives_way: bool = False) -> None:
        self._wake = Event()
        self.gives_way, self.given = gives_way, False

    def wait(self, seconds: float | None = None) -> bool:
        """Return when the place is given, or `wake` is called; False if neither happens within some seconds."""
        return self._wake.wait(seconds)

    def wake(self) -> None:
        """Let `wait` return, whether there is a place or not."""
        self._wake.set()

    def _change(self, given: bool) -> None:
        self.given = given
        if given:
            self._wake.set()
        else:
            self._wake.clear()


class Line:
    """Hands out `places`: first come, first served. Safe to use from several threads."""

    def __init__(self, places: int) -> None:
        self.places, self._free = places, places  # fewer than none are free while some are lent
        self._giving_way = 0  # how many that have a place will give it back
        self._waiting, self._lock = deque[Place](), Lock()

    @property
    def taken(self) -> int:
        """How many have a place; more than there are while some are lent."""
        return self.places - self._free

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._waiting)

    def join(self, place: Place) -> None:
        """Stand at the end; `place.wait` returns when it is given."""
        with self._lock:
            self._waiting.append(place)
            self._advance()

    def leave(self, place: Place) -> None:
        """Give the place back, or do not wait for it any more."""
        with self._lock:
            self._release(place)
            self._advance()

    def give_way(self, place: Place) -> None:
        """Let those who wait go first: give the place back, stand at the end, and return when there is one again."""
        with self._lock:
            if not self._waiting and self._free >= 0:
                return
            self._release(place)
            self._waiting.append(place)
            self._advance()
        place.wait()

    def lend(self, place: Place) -> None:
        """Give one who waits a place beyond their number, for as long as one of those who should give way does not."""
        with self._lock:
            if place in self._waiting and self._giving_way + min(0, self._free) > 0:
                self._waiting.remove(place)
                self._give(place)

    def _release(self, place: Place) -> None:
        if place.given:
            place._change(given=False)
            self._free += 1
            self._giving_way -= place.gives_way
        elif place in self._waiting:
            self._waiting.remove(place)

    def _advance(self) -> None:
        while self._free > 0 and self._waiting:
            self._give(self._waiting.popleft())

    def _give(self, place: Place) -> None:
        self._free -= 1
        self._giving_way += place.gives_way
        place._change(given=True)
