"""A model that is opened when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

from pliant.arguments import Array


class Later:
    """A backend that is the one `open_` gives, which is called once, by whichever thread needs it first."""

    def __init__(self, open_: Callable[[], Any]) -> None:
        self._open, self._lock = open_, Lock()
        self._backend: Any = None

    def opened(self) -> Any:
        """The backend. Raises PliantError if it cannot be opened."""
        with self._lock:
            if self._backend is None:
                self._backend = self._open()
            return self._backend

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        """See `Backend.run`."""
        return self.opened().run(feeds)

    def windowed(self) -> Any:
        """See `Session.windowed`."""
        make = getattr(self.opened(), "windowed", None)
        return make() if make is not None else None

    def close(self) -> None:
        """See `Backend.close`."""
        with self._lock:
            if self._backend is not None:
                self._backend.close()
