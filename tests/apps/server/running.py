"""A server on a port of loopback, for clients that speak HTTP themselves."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread
from typing import Any

PATIENCE = 120  # seconds


@contextmanager
def running(app: Any) -> Generator[str]:
    """Its address, "127.0.0.1:PORT". The socket listens at once, so that nobody has to wait for it."""
    import uvicorn

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield "{}:{}".format(*listening.getsockname())
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a connection stays open"
