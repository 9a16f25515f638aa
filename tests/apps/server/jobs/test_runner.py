"""Jobs that run, wait, are stopped and are put back; what computes them is in the hands of the test."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

pytest.importorskip("fastapi")

from pliant.apps.server.jobs import here, runner
from pliant.apps.server.jobs.runner import Runner
from pliant.apps.server.jobs.store import Store
from pliant.apps.server.making import Lost
from pliant.apps.server.service import Service
from pliant.apps.server.settings import Settings
from pliant.apps.server.wishes import Asked
from pliant.apps.server.work import Stopped

PATIENCE = 60  # seconds


class Held:
    """Jobs step and step until they are `free`."""

    def __init__(self, usual: Callable[..., Any]) -> None:
        self.usual, self.free, self.begun, self.stopped = usual, Event(), Event(), Event()

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.begun.set()
        step = given[-1]
        try:
            while not self.free.wait(0.005):
                step(0.5)
        except Stopped:
            self.stopped.set()
            raise
        return self.usual(*given, **named)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Generator[Held]:
    made = Held(here.make)
    monkeypatch.setattr(here, "make", made)
    yield made
    made.free.set()


def posted(client: Any, face: bytes) -> str:
    got = client.post("/v1/jobs?factor=2", content=face)
    assert got.status_code == 202, got.text
    return got.headers["location"]


def until(client: Any, path: str, *states: str) -> dict[str, Any]:
    late = time.monotonic() + PATIENCE
    while (job := client.get(path).json())["state"] not in states:
        assert time.monotonic() < late, job
    return job


def test_jobs_that_wait_are_limited_and_requests_go_on(
    serve: Callable[..., Any], live: Path, face: bytes, held: Held
) -> None:
    client = serve(models=(f"live={live}",), jobs_queue=2, queue=0)
    first = posted(client, face)
    assert held.begun.wait(PATIENCE)
    until(client, first, "running")
    others = [posted(client, face) for _ in range(2)]
    refused = client.post("/v1/jobs", content=face)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "2 jobs wait, which is the limit" in refused.json()["detail"]
    assert client.post("/v1/upscale?factor=2", content=face).status_code == 200, "while a job runs and two wait"
    assert [client.get(path).json()["state"] for path in others] == ["queued", "queued"]
    assert until(client, first, "running")["progress"] <= 0.5
    held.free.set()
    assert [until(client, path, "done", "failed")["state"] for path in (first, *others)] == ["done"] * 3
    posted(client, face)


def test_a_running_job_and_one_that_waits_are_deleted(
    serve: Callable[..., Any], live: Path, face: bytes, held: Held
) -> None:
    client = serve(models=(f"live={live}",))
    first, second, third = (posted(client, face) for _ in range(3))
    assert held.begun.wait(PATIENCE)
    assert client.delete(second).status_code == 204
    assert client.delete(first).status_code == 204
    assert held.stopped.wait(PATIENCE)
    held.free.set()
    assert until(client, third, "done", "failed")["state"] == "done"
    assert [client.get(path).status_code for path in (first, second)] == [404, 404]
    assert 'pliant_jobs_ended_total{state="cancelled"} 2.0' in client.get("/metrics").text
    folder = client.app.state.service.settings.jobs
    assert [path.name for part in ("sources", "making", "results") for path in (folder / part).iterdir()] == [
        third.rpartition("/")[2]
    ]


def heard(live: Path, jobs: Path, face: bytes, do: Callable[[Runner, str], Awaitable[None]]) -> list[str | None]:
    """The states that events tell of a job that is held, or None for a heartbeat, when something is done after each."""

    async def run() -> list[str | None]:
        service = Service.of(Settings(models=(f"live={live}",), jobs=jobs))
        made = Runner(service, jobs)
        service.starting.append(made.start)
        service.leaving.append(made.leave)
        await service.start()
        body = made.store.files.incoming / "body"
        body.write_bytes(face)
        job = await made.add(body, Asked.of({}))
        told = list[str | None]()
        async for event in made.events(job.id):
            told.append(None if event is None else event.state)
            if event is None:
                await do(made, job.id)
        await service.leave()
        service.close()
        return told

    return asyncio.run(asyncio.wait_for(run(), PATIENCE))


def test_events_tell_that_a_job_was_deleted(
    live: Path, tmp_path: Path, face: bytes, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "HEARTBEAT", 0.01)
    told = heard(live, tmp_path, face, Runner.remove)
    assert told[0] == "queued"
    assert told[-1] == "cancelled"
    assert None in told, "it is told from time to time that the server is still there"


def test_events_end_when_the_server_leaves(
    live: Path, tmp_path: Path, face: bytes, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "HEARTBEAT", 0.01)

    async def leave(made: Runner, job: str) -> None:
        await made.leave()

    told = heard(live, tmp_path, face, leave)
    assert told[-1] in (None, "queued", "running")


def test_a_server_that_ends_puts_back_what_runs(
    serve: Callable[..., Any], live: Path, face: bytes, held: Held, tmp_path: Path
) -> None:
    client = serve(models=(f"live={live}",), jobs=tmp_path / "same")
    paths = [posted(client, face) for _ in range(2)]
    until(client, paths[0], "running")
    client.__exit__(None, None, None)
    assert held.stopped.is_set()
    left = Store(tmp_path / "same")
    assert [f"/v1/jobs/{job.id}" for job in left.waiting()] == paths
    assert left.begin(left.waiting()[0].id) == 1, "an end in good order does not count as a try"
    left.close()
    held.free.set()
    client = serve(models=(f"live={live}",), jobs=tmp_path / "same")
    assert [until(client, path, "done", "failed")["state"] for path in paths] == ["done", "done"]


def test_a_job_that_the_server_dies_of_is_given_up(
    serve: Callable[..., Any], live: Path, face: bytes, held: Held, tmp_path: Path
) -> None:
    client = serve(models=(f"live={live}",), jobs=tmp_path / "same")
    bad, good = (posted(client, face) for _ in range(2))
    client.__exit__(None, None, None)
    store = Store(tmp_path / "same")
    for _ in range(runner.TRIES):
        store.begin(bad.rpartition("/")[2])
    store.close()
    held.free.set()
    client = serve(models=(f"live={live}",), jobs=tmp_path / "same")
    found = until(client, bad, "done", "failed")
    assert (found["state"], found["problem"]["status"]) == ("failed", 500)
    assert "ended 5 times while it did this job" in found["problem"]["detail"]
    assert until(client, good, "done", "failed")["state"] == "done"


def test_an_unexpected_error_is_a_problem_of_one_job(
    serve: Callable[..., Any], live: Path, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = here.make

    def broken(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(here, "make", usual)
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(here, "make", broken)
    client = serve(models=(f"live={live}",))
    first, second = (posted(client, face) for _ in range(2))
    problem = until(client, first, "done", "failed")["problem"]
    assert problem["status"] == 500
    assert "secret" not in json.dumps(problem)
    assert until(client, second, "done", "failed")["state"] == "done"


@pytest.mark.parametrize(("losses", "state"), [(runner.TRIES - 1, "done"), (runner.TRIES, "failed")])
def test_a_job_whose_maker_is_lost_is_begun_anew(
    serve: Callable[..., Any], live: Path, face: bytes, monkeypatch: pytest.MonkeyPatch, losses: int, state: str
) -> None:
    usual, left = here.make, [losses]

    def lost(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            return usual(*given, **named)
        raise Lost

    monkeypatch.setattr(here, "make", lost)
    client = serve(models=(f"live={live}",))
    found = until(client, posted(client, face), "done", "failed")
    assert found["state"] == state
    assert found["problem"] is None or "ended 5 times while it did this job" in found["problem"]["detail"]


def test_a_model_that_is_not_offered_any_more(
    serve: Callable[..., Any], live: Path, face: bytes, held: Held, tmp_path: Path
) -> None:
    client = serve(models=(f"live={live}",), jobs=tmp_path / "same")
    path = posted(client, face)
    client.__exit__(None, None, None)
    client = serve(models=(f"other={live}",), jobs=tmp_path / "same")
    assert until(client, path, "done", "failed")["problem"]["status"] == 404
