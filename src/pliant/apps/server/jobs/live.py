"""A job that has not ended: it changes, and some want to know."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic
from typing import Any

from pliant.apps.server.jobs.job import ENDED, RUNNING, Job
from pliant.apps.server.work import Ticket

OFTEN = 0.1  # seconds between two changes of progress


class Live:
    """Belongs to one event loop; the `ticket` is for the thread that does the job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.ticket = Ticket(self._step)
        self.changed = asyncio.Event()  # of the next change
        self._loop, self._told = asyncio.get_running_loop(), monotonic()

    def change(self, **parts: Any) -> None:
        """Let the job have other `parts`, unless it has ended, and tell whoever waits for it."""
        if self.job.state not in ENDED:
            self.job = replace(self.job, **parts)
            self.tell()

    def tell(self) -> None:
        """Let those who wait for a change look."""
        self.changed.set()
        self.changed = asyncio.Event()

    def begun(self) -> None:
        """It runs now; called by its thread."""
        self._loop.call_soon_threadsafe(lambda: self.change(state=RUNNING))

    def _step(self, share: float) -> None:
        now = monotonic()
        if now - self._told >= OFTEN:  # a picture may have thousands of tiles
            self._told = now
            self._loop.call_soon_threadsafe(lambda: self.change(progress=share))
