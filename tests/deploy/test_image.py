"""The commands of the Dockerfile, run by hand: there is no engine for containers here."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, rehearse

PATIENCE = 240  # seconds


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server on loopback that gives one answer to /health/live and 404 to all else; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/live" else 404)
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def checked(port: int) -> int:
    """The exit status of the health check."""
    _, final = rehearse().stages((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    program, *arguments = rehearse().health_check(final)
    assert program == "python"
    environment = {**os.environ, "PLIANT_SERVE_PORT": str(port), "http_proxy": "http://127.0.0.1:9"}  # not to be asked
    return subprocess.run(
        [sys.executable, *arguments], env=environment, check=False, capture_output=True, timeout=PATIENCE
    ).returncode


@pytest.mark.parametrize(("status", "expected"), [(200, 0), (503, 1), (404, 1)])
def test_the_health_check_asks_the_server(status: int, expected: int) -> None:
    with answering(status) as port:
        assert checked(port) == expected
    assert checked(port) == 1, "nobody is there any more"


def test_the_commands_of_the_dockerfile(tmp_path: Path) -> None:
    """Wheel, installation, refusal without a token, start, health and end; with packages that are installed already."""
    for package in ("hatchling", "fastapi", "uvicorn", "multipart", "prometheus_client"):
        pytest.importorskip(package)
    done = subprocess.run(
        [sys.executable, str(DEPLOY / "rehearse.py"), str(tmp_path / "image"), "--offline"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in ("Successfully installed pliant-", "Without a token: exit 2", "HEALTHCHECK passes", "SIGTERM: exit"):
        assert line in done.stdout
    assert (tmp_path / "image" / "opt" / "pliant" / "bin" / "pliant").is_file()
