"""Who upscales the pictures of jobs: this process, or the other ones of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from pliant.apps.server.task import Made
from pliant.apps.server.wishes import Asked
from pliant.apps.server.work import Ticket

T = TypeVar("T")


class Lost(Exception):  # noqa: N818 - not an error of the picture
    """Whoever made the picture has gone in the middle; another may begin anew."""


class Maker(Protocol):
    """Upscales one picture after the other, `calls` at the same time."""

    calls: int

    async def run(self, do: Callable[[Ticket], T], ticket: Ticket) -> T:
        """What `do` returns, which is called in another thread, and which calls `make` there.

        Raises Stopped when `ticket` is, and what `do` raises.
        """
        ...

    def make(self, source: Path, asked: Asked, target: Path, ticket: Ticket) -> Made:
        """Upscale the picture in `source` to `target`; `ticket.step` is called often, with the share that is done.

        Raises:
            Problem, PliantError: as `task.make`.
            Stopped: the ticket is.
            Lost: see there.
        """
        ...
