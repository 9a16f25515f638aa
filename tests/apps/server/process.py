"""A real server in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import httpx

PATIENCE = 120  # seconds
TOLD = "pliant serves on "


class Process:
    """`python -m pliant serve --port 0` with its jobs in a folder; ready when it is made.

    `before` is Python that runs in the process first.
    """

    def __init__(self, jobs: Path, model: Path, *options: str, before: str = "") -> None:
        code = f"{before}\nimport sys\nfrom pliant.apps.cli.main import main\nsys.exit(main())"
        given = ["serve", "--port", "0", "--jobs", str(jobs), "-m", f"live={model}", *options]
        self._temporary = TemporaryDirectory()  # on another disk than the jobs, if a test has one of its own
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *given],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": self._temporary.name},
        )
        self.jobs, self._lines = jobs, list[str]()
        self._ready, self.url = Event(), ""
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._ready.wait(PATIENCE)
        assert self.url, "".join(self._lines)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit status; nothing if it has ended already."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        status = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._temporary.cleanup()
        return status

    def log(self, event: str) -> list[dict[str, Any]]:
        """What was logged as `event` until now."""
        facts = [json.loads(line) for line in self._lines if line.startswith("{")]
        return [fact for fact in facts if fact["event"] == event]

    def client(self) -> httpx.Client:
        """A client with patience."""
        return httpx.Client(base_url=self.url, timeout=PATIENCE)

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.append(line)
            if line.startswith(TOLD):
                self.url = line.removeprefix(TOLD).strip()
                self._ready.set()
        self._ready.set()


@contextmanager
def running(jobs: Path, model: Path, *options: str, before: str = "") -> Generator[Process]:
    """A process that is ended, with SIGTERM, when the block ends."""
    process = Process(jobs, model, *options, before=before)
    try:
        yield process
    finally:
        process.end(signal.SIGTERM)


def state(client: httpx.Client, job: str) -> dict[str, Any]:
    """The job as it is now."""
    got = client.get(f"/v1/jobs/{job}")
    assert got.status_code == 200, got.text
    return got.json()


def until_ended(client: httpx.Client, job: str) -> dict[str, Any]:
    """The job when it has ended."""
    last = {}
    with client.stream("GET", f"/v1/jobs/{job}/events") as events:
        for line in events.iter_lines():
            if line.startswith("data: "):
                last = json.loads(line[6:])
    return last
