"""One of several equal servers on a cluster, which also does the jobs that another process keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pliant.apps.server.jobs.here import Here
from pliant.apps.server.jobs.job import asked_of, made_as_json, new_id
from pliant.apps.server.logs import LOGGER
from pliant.apps.server.problems import problem_of
from pliant.apps.server.service import Service
from pliant.apps.server.task import Made
from pliant.apps.server.work import Stopped, Ticket

OFTEN = 0.1  # seconds between two words about a job
PIECE = 4 << 20  # bytes of a result that travel at once


@dataclass(frozen=True)
class Share:
    """How much is done, from 0 to 1."""

    done: float


@dataclass(frozen=True)
class Piece:
    """The next bytes of the result."""

    content: bytes


@dataclass(frozen=True)
class Whole:
    """The result is whole; `made` is what `made_of` takes."""

    made: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """It will not be done: what a client is told."""

    status: int
    detail: str


Word = Share | Piece | Whole | Refused


class Replica:
    """What Ray Serve keeps alive, with the application around it. `service` is that of the process."""

    service: ClassVar[Service]

    async def make(self, picture: bytes, asked: dict[str, Any]) -> AsyncGenerator[Word]:
        """Upscale the picture in a file's bytes as `asked_of(asked)` tells: how far it is, and then the result.

        The last word is Whole or Refused. If there is none, this replica is going, and another has to begin anew.
        """
        spool, name = self.service.spool, new_id()
        source, target = spool / f"{name}.source", spool / f"{name}.result"
        try:
            await asyncio.to_thread(source.write_bytes, picture)
            async for word in self._words(source, asked, target):
                yield word
        finally:
            for path in (source, target):
                path.unlink(missing_ok=True)

    async def _words(self, source: Path, asked: dict[str, Any], target: Path) -> AsyncGenerator[Word]:
        heard = _Heard()
        ticket, here = Ticket(heard), Here(self.service)
        working = asyncio.ensure_future(here.run(lambda t: here.make(source, asked_of(asked), target, t), ticket))
        try:
            while not (await asyncio.wait([working], timeout=OFTEN))[0]:
                yield Share(heard.share)
        finally:
            ticket.stop()
            await asyncio.wait([working])  # before its files are removed
        with suppress(Stopped):
            async for word in _told(working, self.service):
                yield word


class _Heard:
    def __init__(self) -> None:
        self.share = 0.0

    def __call__(self, share: float) -> None:
        self.share = share


async def _told(working: asyncio.Future[Made], service: Service) -> AsyncGenerator[Word]:
    try:
        made = working.result()
        with made.path.open("rb") as file:
            while content := await asyncio.to_thread(file.read, PIECE):
                yield Piece(content)
        yield Whole(made_as_json(made))
    except Stopped:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, whoever keeps the job has to know
        if service.work.closing:
            return
        problem = problem_of(error)
        if problem.status == 500:
            LOGGER.error("failed", exc_info=error)
        yield Refused(problem.status, problem.detail)
