"""A server in this process, and a picture to send."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support import gradient, save

pytest.importorskip("fastapi")
pytest.importorskip("httpx")


@pytest.fixture
def serve(tmp_path: Path) -> Generator[Callable[..., Any]]:
    """`serve(**settings)` is a client of a server of its own; each has its jobs in a folder of its own."""
    from fastapi.testclient import TestClient

    from pliant.apps.server.app import create_app
    from pliant.apps.server.settings import Settings

    number = count()
    with ExitStack() as stack:

        def started(**settings: Any) -> TestClient:
            app = create_app(Settings(**{"jobs": tmp_path / f"jobs-{next(number)}", **settings}))
            return stack.enter_context(TestClient(app, "http://127.0.0.1", raise_server_exceptions=False))

        yield started


@pytest.fixture
def face(tmp_path: Path) -> bytes:
    """A PNG of 24 x 18 pixels."""
    return save(tmp_path, "face.png", gradient(24, 18)).read_bytes()
