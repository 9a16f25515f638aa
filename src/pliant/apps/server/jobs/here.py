"""Jobs in the process that keeps them, which lets requests go first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pliant.apps.server.beside import Beside
from pliant.apps.server.service import Service
from pliant.apps.server.task import Made, make
from pliant.apps.server.wishes import Asked
from pliant.apps.server.work import Ticket

T = TypeVar("T")


class Here:
    """See `Maker`."""

    def __init__(self, service: Service) -> None:
        self._service, self.calls = service, service.settings.workers
        self._beside = Beside(self.calls, lambda: service.work.busy)

    async def run(self, do: Callable[[Ticket], T], ticket: Ticket) -> T:
        """See `Maker`."""
        return await self._service.work.aside(do, ticket)

    def make(self, source: Path, asked: Asked, target: Path, ticket: Ticket) -> Made:
        """See `Maker`."""
        service = self._service
        offered = service.models.get(asked.model)
        made = make(source, asked, offered, service.settings, target, ticket.step, beside=self._beside)
        service.metrics.upscaled(made.source_size, made.size, made.seconds)
        return made
