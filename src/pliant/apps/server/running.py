"""Listening on a port until a signal ends it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

import uvicorn
from fastapi import FastAPI

from pliant.apps.server.service import Service
from pliant.apps.server.settings import Settings
from pliant.errors import UsageError


def run(app: FastAPI, settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve `app` until SIGINT or SIGTERM, and then finish what is being answered.

    `ready` is called with the address, which has the real port if that of the settings is 0, as soon as requests are
    taken. Raises UsageError if the address cannot be listened on, and what the application raises when it starts.
    """
    bound = _bound(settings.host, settings.port)
    host, port = bound.getsockname()[:2]
    config = uvicorn.Config(
        app,
        lifespan="off",  # see _Server
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.seconds) + 1,
    )
    shown = f"[{host}]" if bound.family == socket.AF_INET6 else host
    _Server(config, app, lambda: ready(f"http://{shown}:{port}")).run([bound])


class _Server(uvicorn.Server):
    """uvicorn, with the life of the application in its own hands.

    uvicorn itself would log what goes wrong at the start with a traceback, where a sentence is wanted, and would tell
    the application that it ends when the last connection has gone, but some end only when they are told.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._application, self._ready, self._life = app, ready, AsyncExitStack()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await self._life.enter_async_context(self._application.router.lifespan_context(self._application))
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        service: Service = self._application.state.service
        try:
            await service.leave()
            await super().shutdown(sockets)
        finally:
            await self._life.aclose()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        try:
            if hasattr(socket, "SO_REUSEPORT"):  # not on Windows, where this would let two servers have one port
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except BaseException:
            bound.close()
            raise
    except OSError as error:
        raise UsageError(
            f"{host} and port {port} cannot be listened on: {error.strerror}. Choose another --port, or 0 for one that "
            "is free."
        ) from error
    return bound
