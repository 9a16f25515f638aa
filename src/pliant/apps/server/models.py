"""The models that the server offers, by name; a name is all that a request can say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

from pliant.apps.loading import Way, loaded
from pliant.apps.models import find
from pliant.apps.server.logs import LOGGER
from pliant.apps.server.problems import Problem
from pliant.apps.server.settings import Settings
from pliant.engines.base import Session, Source
from pliant.errors import PliantError, UsageError
from pliant.imaging.network import Network
from pliant.models import DEFAULT
from pliant.models import names as shipped

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)


@dataclass(frozen=True)
class Offered:
    """A model that is loaded."""

    name: str
    path: Path
    session: Session
    network: Network


class Models:
    """Loads a model when it is first asked for, once, and keeps it until `close`. Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        """Raises UsageError for a model that does not exist, and for names that are not fit for an address."""
        self._calls = settings.workers
        self._way = Way(settings.engine, settings.precision, settings.max_error, settings.threads)
        given = settings.models or (DEFAULT, *(name for name in shipped() if name != DEFAULT))
        self.paths: dict[str, Path] = {}
        for name, path in map(_entry, given):
            if name in self.paths:
                raise UsageError(f"Two models are called {name!r}; give one of them another name, as NAME=PATH.")
            self.paths[name] = path
        self.default = next(iter(self.paths))
        self._locks = {name: Lock() for name in self.paths}
        self._open: dict[str, Offered] = {}
        self._closing: list[Callable[[], object]] = []

    def get(self, name: str | None = None) -> Offered:
        """The model called `name`, the default if None; loading takes some seconds the first time.

        Raises Problem: 404 if it is not offered, 500 if it cannot be loaded, and then the log tells why.
        """
        wanted = self.default if name is None else name
        self.check_name(wanted)
        if wanted in self._open:
            return self._open[wanted]
        try:
            return self.load(wanted)
        except PliantError as error:  # of which the client is not guilty, and which names the server's files
            LOGGER.exception("model", extra={"facts": {"model": wanted, "why": str(error)}})
            raise Problem(500, f"The model {wanted!r} cannot be loaded; the server's log tells why.") from error

    def load(self, name: str) -> Offered:
        """As `get`, for those who may see why a model cannot be loaded. Raises PliantError."""
        with self._locks[name]:
            if name not in self._open:
                self._open[name] = self._load(name)
            return self._open[name]

    def check(self) -> None:
        """Read the files of all models without loading them. Raises InputError for one that is no model."""
        for path in self.paths.values():
            Source.of(path)

    def check_name(self, name: str) -> None:
        """Raise Problem (404) if there is no model of this name; nothing is loaded."""
        if name not in self.paths:
            raise Problem(404, f"There is no model {name[:60]!r} here; there are: {', '.join(self.paths)}.")

    def is_loaded(self, name: str) -> bool:
        """Whether `get` would answer at once."""
        return name in self._open

    def close(self) -> None:
        """Free all models."""
        for close in self._closing:
            close()
        self._open.clear()
        self._closing.clear()

    def _load(self, name: str) -> Offered:
        opened = loaded(self.paths[name], self._way)
        session, _ = opened.__enter__()
        self._closing.append(partial(opened.__exit__, None, None, None))
        for each in (session, session.several(self._calls)):  # now, and not when there is most to do
            each.ready()
        return Offered(name, self.paths[name], session, Network.of(session))


def _entry(text: str) -> tuple[str, Path]:
    """Name and file of NAME=PATH, a path, or a shipped model. Raises UsageError if there is no such file."""
    name, equals, given = text.partition("=")
    path = find(given if equals else text)
    if not path.is_file():
        raise UsageError(f"There is no file {path}; give the path of an ONNX file, or one of: {', '.join(shipped())}.")
    called = name if equals else path.stem
    if not NAME.fullmatch(called):
        raise UsageError(
            f"{called!r} is no name for a model: a name stands in addresses, and has letters of ASCII, digits, and -_. "
            "only. Give another, as NAME=PATH."
        )
    return called, path
