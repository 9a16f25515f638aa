"""Jobs done by the replicas of a cluster: pictures and results travel through Ray, machines need no common folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from pathlib import Path
from time import sleep
from typing import Any, TypeVar

from pliant.apps.server.jobs.job import asked_as_json, made_of
from pliant.apps.server.making import Lost
from pliant.apps.server.onray.replica import Piece, Refused, Share, Whole, Word
from pliant.apps.server.problems import Problem
from pliant.apps.server.task import Made
from pliant.apps.server.wishes import Asked
from pliant.apps.server.work import Stopped, Ticket

T = TypeVar("T")
PAUSE = 1.0  # seconds after which another replica is asked


class Remote:
    """See `Maker`. `application` is the name under which Ray Serve knows the replicas."""

    def __init__(self, application: str, calls: int) -> None:
        self._application, self.calls = application, calls
        self._threads = ThreadPoolExecutor(calls, thread_name_prefix="pliant-remote")

    async def run(self, do: Callable[[Ticket], T], ticket: Ticket) -> T:
        """See `Maker`."""

        def begun() -> T:
            if ticket.stopped:
                raise Stopped
            return do(ticket)

        return await asyncio.wrap_future(self._threads.submit(begun))

    def make(self, source: Path, asked: Asked, target: Path, ticket: Ticket) -> Made:
        """See `Maker`."""
        picture = _read(source, ticket)
        words: Any = self._replicas.remote(picture, asked_as_json(asked))
        try:
            return _received(words, target, ticket)
        except self._losses as error:
            sleep(PAUSE)
            raise Lost from error
        finally:
            with suppress(Exception):  # it has ended, or whoever did it has
                words.cancel()

    @cached_property
    def _replicas(self) -> Any:
        serve: Any = import_module("ray.serve")
        return serve.get_app_handle(self._application).options(method_name="make", stream=True)

    @cached_property
    def _losses(self) -> tuple[type[BaseException], ...]:
        """What Ray raises when a replica has gone, or none is there."""
        ray, serve = import_module("ray.exceptions"), import_module("ray.serve.exceptions")
        return (
            ray.RayActorError,
            ray.ObjectLostError,
            ray.OutOfMemoryError,
            ray.WorkerCrashedError,
            ray.TaskCancelledError,
            serve.RayServeException,
        )


def _read(source: Path, ticket: Ticket) -> bytes:
    try:
        return source.read_bytes()
    except FileNotFoundError:
        if ticket.stopped:  # it was deleted
            raise Stopped from None
        raise


def _received(words: Iterable[Word], target: Path, ticket: Ticket) -> Made:
    with target.open("wb") as file:
        for word in words:
            if isinstance(word, Refused):
                raise Problem(word.status, word.detail)
            if isinstance(word, Whole):
                return made_of(word.made, target)
            if isinstance(word, Piece):
                file.write(word.content)
            ticket.step(word.done if isinstance(word, Share) else 1.0)
    raise Lost
