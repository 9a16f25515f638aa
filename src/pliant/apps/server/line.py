"""Places to compute in, given to threads in the order in which they asked."""

from __future__ import annotations

from collections import deque
from threading import Event, Lock


class Place:
    """Of one who has a place, or waits for one."""

    def __init__(self) -> None:
        self._wake = Event()
        self.given = False

    def wait(self) -> None:
        """Return when the place is given, or `wake` is called."""
        self._wake.wait()

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
        self.places, self._free = places, places
        self._waiting, self._lock = deque[Place](), Lock()

    @property
    def taken(self) -> int:
        """How many have a place."""
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
            if not self._waiting:
                return
            self._release(place)
            self._waiting.append(place)
            self._advance()
        place.wait()

    def _release(self, place: Place) -> None:
        if place.given:
            place._change(given=False)
            self._free += 1
        elif place in self._waiting:
            self._waiting.remove(place)

    def _advance(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            self._waiting.popleft()._change(given=True)
