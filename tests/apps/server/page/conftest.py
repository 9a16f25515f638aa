"""A server with the page, and one browser for all tests of it, both gone when the next test is another's.

The tests talk to `server`, whichever program that is; they skip where Playwright or a Chromium is missing.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pliant.models import names
from tests.apps.processes import children
from tests.apps.server.page.visit import PATIENCE, Visit
from tests.support import fixed_model

ENDING = 60  # seconds that a browser has for it
TOKEN = "a-token-of-the-tests"
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def serving(
    token: str | None, folder: Path, models: dict[str, Path] | None = None, jobs: bool = True
) -> Generator[str, None, None]:
    """The address of a server that runs meanwhile, on a thread of this process."""
    uvicorn = pytest.importorskip("uvicorn")
    pytest.importorskip("fastapi")
    from pliant.apps.server.app import create_app
    from pliant.apps.server.settings import Settings

    offered = (*names(), *(f"{name}={path}" for name, path in (models or {}).items()))
    tokens, kept = (token,) if token else (), folder / "jobs" if jobs else None
    application = create_app(Settings(tokens=tokens, models=offered, jobs=kept))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.should_exit = True
    thread.join(30)
    listening.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that wants no token and has the model `twice`, which repeats every pixel."""
    folder = tmp_path_factory.mktemp("server")
    model = folder / "twice.onnx"
    model.write_bytes(fixed_model(2))
    with serving(None, folder, {"twice": model}) as address:
        yield address


@pytest.fixture(scope="package")
def locked_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that wants `TOKEN`."""
    with serving(TOKEN, tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """A Chromium that the system has.

    Playwright keeps an event loop going on this thread until it ends, so it has to end with the tests of the page:
    `asyncio.run` in a later test of the same worker would fail.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    program = os.environ.get("PLIANT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no Chromium here; install it, or name it in PLIANT_CHROMIUM")
    with ExitStack() as ending, playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=program, args=OPTIONS)
        yield running
        ending.enter_context(killed_after(ENDING, "playwright", "chrom"))
        running.close()


@contextmanager
def killed_after(seconds: float, *names: str) -> Generator[None, None, None]:
    """Children of this process with one of these in their commands are killed if the block takes longer.

    Neither Playwright nor Chromium gives up when the other does not answer.
    """

    def kill() -> None:
        for process, command in children(os.getpid()).items():
            if any(name in command for name in names):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@pytest.fixture
def visit(browser: Any, server: str) -> Iterator[Visit]:
    """The page, opened in English and light; at the end, it has asked no other host and thrown nothing."""
    with visiting(browser, server) as opened:
        yield opened


@contextmanager
def visiting(browser: Any, address: str, **options: Any) -> Generator[Visit, None, None]:
    """See `visit`; options are those of a context of Playwright."""
    context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options})
    context.set_default_timeout(1000 * PATIENCE)
    opened = Visit(context.new_page(), address)
    try:
        yield opened
        opened.check()
    finally:
        context.close()
