"""A server may be killed at any moment; the next one goes on as if nothing had happened."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import pliant
from pliant.apps.server.jobs.store import NAME
from tests.apps.server.process import PATIENCE, Process, running, until_ended
from tests.support import save

if sys.platform == "win32":
    pytest.skip("signals as they are here", allow_module_level=True)

SMALL, LARGE = 8, 12  # how many; the large ones take so long that a busy machine kills in the middle, too


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, noise = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    sides = [20 + k for k in range(SMALL)] + [160 + k for k in range(LARGE)]
    return [save(folder, f"{side}.png", noise.integers(0, 256, (side, 300, 3), np.uint8)) for side in sides]


def kept(jobs: Path, state: str) -> set[str]:
    """Ids of the jobs that are on disk in a state, when no server runs."""
    with closing(sqlite3.connect(jobs / NAME)) as rows:
        return {row[0] for row in rows.execute("SELECT id FROM jobs WHERE state = ?", (state,))}


def results(jobs: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (jobs / "results").iterdir()}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_twenty_jobs(how: signal.Signals, pictures: list[Path], tmp_path: Path, live: Path) -> None:
    jobs = tmp_path / "jobs"
    first = Process(jobs, live, "--workers", "1")  # of two jobs at a time, either may end first
    with first.client() as client:
        posts = [client.post("/v1/jobs?factor=2", content=picture.read_bytes()) for picture in pictures]
        ids = [post.json()["id"] for post in posts]
        until_ended(client, ids[SMALL - 1])
    assert first.end(how) == -how
    done = kept(jobs, "done")
    assert SMALL <= len(done) < len(ids), "the server was to be ended in the middle"
    assert done == set(ids[: len(done)]), "in the order in which they came"
    before = results(jobs)
    with running(jobs, live) as second, second.client() as client:
        states = [until_ended(client, job)["state"] for job in ids]
        answers = [client.get(f"/v1/jobs/{job}/result").content for job in ids]
        told = [fact["job"] for fact in second.log("job")]
    assert states == ["done"] * len(ids)
    # a result that was announced when the first was killed is recognised
    again = set(ids) - done - set(before)
    assert sorted(told) == sorted(job[:8] for job in again), "none is done twice"
    assert {job: results(jobs)[job] for job in before} == before, "a result is never touched again"
    for k in (0, SMALL, len(ids) - 1):
        pliant.upscale(pictures[k], tmp_path / "expected.png", 2, model=live)
        assert answers[k] == (tmp_path / "expected.png").read_bytes()
    assert not list((jobs / "sources").iterdir())
    assert not list((jobs / "making").iterdir())


def test_events_end_when_the_server_does(pictures: list[Path], tmp_path: Path, live: Path) -> None:
    with running(tmp_path / "jobs", live) as server, server.client() as client:
        for picture in pictures[SMALL:]:
            last = client.post("/v1/jobs?factor=2", content=picture.read_bytes()).json()["id"]
        with client.stream("GET", f"/v1/jobs/{last}/events") as events:
            lines = events.iter_lines()
            assert next(line for line in lines if line.startswith("data: "))
            assert server.end(signal.SIGTERM) == -signal.SIGTERM
            assert not [line for line in lines if '"state": "done"' in line]


@pytest.fixture
def other(tmp_path: Path, live: Path) -> Generator[Process]:
    with running(tmp_path / "jobs", live) as process:
        yield process


def test_two_servers_and_one_folder(other: Process, tmp_path: Path, live: Path) -> None:
    command = [sys.executable, "-m", "pliant", "serve", "--port", "0", "--jobs", str(tmp_path / "jobs")]
    second = subprocess.run(
        [*command, "-m", f"live={live}"], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    said = f"pliant: Another server keeps its jobs in {tmp_path / 'jobs'} now; end it, or choose another folder"
    assert (second.returncode, second.stderr.startswith(said)) == (2, True), second.stderr
    assert "Traceback" not in second.stderr
    with other.client() as client:
        assert client.get("/health/ready").status_code == 200
