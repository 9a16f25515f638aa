"""Listening on a port until a signal ends it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from math import ceil

import uvicorn
from fastapi import FastAPI

from pliant.apps.server.connection import connection
from pliant.apps.server.guards import HEAD
from pliant.apps.server.logs import LOGGER
from pliant.apps.server.models import Offered
from pliant.apps.server.service import Service
from pliant.apps.server.settings import Settings
from pliant.errors import UsageError


def run(app: FastAPI, settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve `app` until SIGINT or SIGTERM, and then finish what is being answered.

    `ready` is called with the address, which has the real port if that of the settings is 0, as soon as requests are
    taken; the default model is loaded meanwhile. Raises UsageError if the address cannot be listened on, InputError if
    a model is none or the default one cannot be loaded, and what the application raises when it starts.
    """
    service: Service = app.state.service
    try:
        service.models.check()
        _run(app, settings, _bound(settings.host, settings.port), ready)
    finally:
        service.close()  # where nothing has started that would have


def _run(app: FastAPI, settings: Settings, bound: socket.socket, ready: Callable[[str], None]) -> None:
    host, port = bound.getsockname()[:2]
    config = uvicorn.Config(
        app,
        lifespan="off",  # see _Server
        loop="asyncio",  # what is tested is what runs, whatever else is installed
        http=connection(settings),
        ws="none",
        h11_max_incomplete_event_size=HEAD,
        proxy_headers=False,  # anybody could say to be another client
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=ceil(settings.idle),
        timeout_graceful_shutdown=int(settings.seconds) + 1,
    )
    shown = f"[{host}]" if bound.family == socket.AF_INET6 else host
    server = _Server(config, app, lambda: ready(f"http://{shown}:{port}"))
    server.run([bound])
    if server.failure is not None:
        raise server.failure


class _Server(uvicorn.Server):
    """uvicorn, with the life of the application in its own hands.

    uvicorn itself would log what goes wrong at the start with a traceback, where a sentence is wanted, and would tell
    the application that it ends when the last connection has gone, but some end only when they are told.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._application, self._ready, self._life = app, ready, AsyncExitStack()
        self.failure: BaseException | None = None  # why there is no default model

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await self._life.enter_async_context(self._application.router.lifespan_context(self._application))
        await super().startup(sockets)
        self._ready()
        loading: asyncio.Future[Offered] = self._application.state.loading
        loading.add_done_callback(self._loaded)

    def _loaded(self, loading: asyncio.Future[Offered]) -> None:
        if loading.cancelled():
            return
        self.failure = loading.exception()
        if self.failure is None:
            LOGGER.info("ready")
        else:
            self.should_exit = True

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
