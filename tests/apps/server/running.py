"""A server on a port of loopback, for clients that speak HTTP themselves."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep
from typing import Any

PATIENCE = 120  # seconds


@contextmanager
def running(app: Any) -> Generator[str]:
    """Its address, "127.0.0.1:PORT", as soon as it has started: before, its default model takes a worker's place."""
    import uvicorn

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            _wait(server, thread)
            yield "{}:{}".format(*listening.getsockname())
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a connection stays open"


def _wait(server: Any, thread: Thread) -> None:
    end = monotonic() + PATIENCE
    while not server.started:
        assert thread.is_alive(), "the server has ended at its start"
        assert monotonic() < end, "the server has not started"
        sleep(0.005)
