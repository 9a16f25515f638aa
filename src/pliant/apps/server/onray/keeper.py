"""The process of a cluster that keeps the jobs: one, on the machine that has their folder."""

from __future__ import annotations

from typing import ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from pliant.apps.server.app import create_app
from pliant.apps.server.onray.remote import Remote
from pliant.apps.server.service import Part, Service
from pliant.apps.server.settings import Settings


class Keeper:
    """What Ray Serve keeps alive, with the application around it. `service` is that of the process."""

    service: ClassVar[Service]

    async def leave(self) -> None:
        """Put back what is being done, and end all streams of events, for which Ray Serve would wait."""
        await self.service.leave()


def keeping(settings: Settings, replicas: str, calls: int) -> ASGIApp:
    """The application of a keeper, whose jobs are done by the `replicas` of that name, `calls` at the same time."""
    app = create_app(settings, part=Part(maker=Remote(replicas, calls)))
    Keeper.service = app.state.service

    async def rooted(scope: Scope, receive: Receive, send: Send) -> None:
        """Paths are whole: that Ray Serve sends only those of jobs here is nothing to the routes."""
        await app({**scope, "root_path": ""}, receive, send)

    return rooted
