"""What every route is given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from pliant.apps.server.making import Maker
from pliant.apps.server.metrics import Metrics
from pliant.apps.server.models import Models, Offered
from pliant.apps.server.problems import Problem
from pliant.apps.server.settings import Settings
from pliant.apps.server.spool import Spool
from pliant.apps.server.work import Work

Step = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Part:
    """What of a server a process is: all of it, unless it is one of several on a cluster.

    `keeps_jobs` is whether the folder for jobs is this process's; if not, it only tells of their paths, at which
    another process answers. `maker` upscales the pictures of jobs, if not the process itself does.
    """

    keeps_jobs: bool = True
    maker: Maker | None = None


@dataclass(frozen=True)
class Service:
    """The parts of a running server. `spool` is a folder for bodies and results on their way, `place` what keeps it.

    A family of routes that has something to start appends to `starting`, and what ends it to `leaving`, which is also
    called if nothing was started; what was appended last is ended first.
    """

    settings: Settings
    models: Models
    work: Work
    metrics: Metrics
    spool: Path
    place: Spool
    part: Part = field(default_factory=Part)
    starting: list[Step] = field(default_factory=list[Step])
    leaving: list[Step] = field(default_factory=list[Step])

    @classmethod
    def of(cls, settings: Settings, part: Part | None = None) -> Service:
        """Raises UsageError if a model does not exist, or there is no place for the spool."""
        models = Models(settings)
        work = Work(settings.workers, settings.queue)
        place = Spool.new()
        return cls(settings, models, work, Metrics(work), place.folder, place, part or Part())

    async def start(self) -> asyncio.Future[Offered]:
        """Start what the families of routes have to start, and begin to load the default model.

        What is returned is done when the model is loaded, and raises PliantError if it cannot be.
        """
        for step in self.starting:
            await step()
        return asyncio.ensure_future(self.work.run(lambda ticket: self.models.load(self.models.default)))

    async def leave(self) -> None:
        """Take no new work, and end what would not end by itself; once, however often it is called."""
        self.work.closing = True
        while self.leaving:
            await self.leaving.pop()()

    def check_ready(self) -> None:
        """Raise Problem (503) if work is not taken now."""
        if not self.models.is_loaded(self.models.default):
            raise Problem(503, "The default model is still being loaded; try again soon.", {"Retry-After": "2"})
        if not self.work.accepts:
            raise Problem(503, "The queue is full, or the server is shutting down.", {"Retry-After": "2"})

    def close(self) -> None:
        """Finish what runs, and free everything."""
        self.work.close()
        self.models.close()
        self.place.remove()
