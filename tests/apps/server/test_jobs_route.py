"""/v1/jobs: what clients see."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pliant

PATIENCE = 60  # seconds


def ended(client: Any, job: str) -> dict[str, Any]:
    """The job when it has ended, as the last of its events tells."""
    return events(client, job)[-1]


def events(client: Any, job: str) -> list[dict[str, Any]]:
    text = client.get(f"/v1/jobs/{job}/events").text
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


@pytest.fixture
def client(serve: Callable[..., Any], live: Path) -> Any:
    return serve(models=(f"live={live}",))


def test_a_job(client: Any, face: bytes, tmp_path: Path, live: Path) -> None:
    taken = client.post("/v1/jobs?factor=2.7", content=face)
    assert taken.status_code == 202, taken.text
    job = taken.json()
    assert taken.headers["location"] == f"/v1/jobs/{job['id']}"
    assert (job["source_size"], job["result_size"], job["factor"], job["model"]) == ([24, 18], [64, 48], 2.7, "live")
    told = events(client, job["id"])
    assert told[-1]["state"] == "done"
    assert [event["state"] for event in told] == sorted((event["state"] for event in told), key=ORDER.index)
    found = client.get(taken.headers["location"]).json()
    assert found == told[-1]
    assert (found["progress"], found["problem"], found["notes"]) == (1, None, [])
    assert found["created"] < found["expires"]
    got = client.get(found["result"])
    (tmp_path / "in.png").write_bytes(face)
    pliant.upscale(tmp_path / "in.png", tmp_path / "out.png", 2.7, model=live)
    assert got.content == (tmp_path / "out.png").read_bytes()
    assert (got.headers["content-type"], got.headers["pliant-size"]) == ("image/png", "64x48")
    part = client.get(found["result"], headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, got.content[5:10])


ORDER = ["queued", "running", "done"]


def test_a_form_and_a_size(client: Any, face: bytes) -> None:
    job = client.post("/v1/jobs", files={"picture": face}, data={"size": "50x", "format": "jpeg"}).json()
    assert (job["size"], job["result_size"]) == ("50x", [50, 38])
    assert ended(client, job["id"])["state"] == "done"
    assert client.get(f"/v1/jobs/{job['id']}/result").headers["content-type"] == "image/jpeg"


def test_a_client_that_has_seen_the_end_is_sent_away(client: Any, face: bytes) -> None:
    path = client.post("/v1/jobs", content=face).headers["location"]
    assert client.get(f"{path}/events").headers["content-type"].startswith("text/event-stream")
    assert client.get(f"{path}/events", headers={"Last-Event-ID": "running"}).status_code == 200
    assert client.get(f"{path}/events", headers={"Last-Event-ID": "done"}).status_code == 204


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("factor=0", None, 400),
        ("factor=20000", None, 422),
        ("model=../live", None, 404),
        ("", b"hello", 415),
        ("", b"", 400),
    ],
)
def test_what_is_refused_at_once(client: Any, face: bytes, query: str, body: bytes | None, status: int) -> None:
    got = client.post(f"/v1/jobs?{query}", content=face if body is None else body)
    assert (got.status_code, got.headers["content-type"]) == (status, "application/problem+json"), got.text
    store = folder(client)
    assert [path for path in store.rglob("*") if path.is_file() and "sqlite" not in path.name] == []


def folder(client: Any) -> Path:
    return client.app.state.service.settings.jobs


def test_a_job_that_fails_says_why(client: Any, face: bytes) -> None:
    job = client.post("/v1/jobs", content=face[:-30]).json()
    found = ended(client, job["id"])
    assert (found["state"], found["problem"]["status"], found["result"]) == ("failed", 415, None)
    assert str(folder(client)) not in json.dumps(found)
    got = client.get(f"/v1/jobs/{job['id']}/result")
    assert (got.status_code, got.json()["title"]) == (409, "Conflict")
    assert "The job failed" in got.json()["detail"]


@pytest.mark.parametrize("name", ["0" * 32, "0" * 31, "0" * 33, "A" * 32, "..%2fjobs.sqlite", "%00", "0" * 31 + "%0a"])
def test_what_is_no_job(client: Any, name: str) -> None:
    for method, end in (("GET", ""), ("GET", "/result"), ("GET", "/events"), ("DELETE", "")):
        got = client.request(method, f"/v1/jobs/{name}{end}")
        assert (got.status_code, got.headers["content-type"]) == (404, "application/problem+json")


def test_deleted(client: Any, face: bytes) -> None:
    path = client.post("/v1/jobs", content=face).headers["location"]
    ended(client, path.rpartition("/")[2])
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get(f"{path}/result").status_code == 404
    assert client.delete(path).status_code == 404
    assert [name for part in ("sources", "making", "results") for name in (folder(client) / part).iterdir()] == []


def test_kept_for_a_time(serve: Callable[..., Any], face: bytes, live: Path) -> None:
    client = serve(models=(f"live={live}",), keep=0.2)
    path = client.post("/v1/jobs", content=face).headers["location"]
    late = time.monotonic() + PATIENCE
    while client.get(path).status_code != 404:
        assert time.monotonic() < late
    assert [name for part in ("sources", "making", "results") for name in (folder(client) / part).iterdir()] == []


def test_no_more_than_may_be_on_disk(serve: Callable[..., Any], face: bytes, live: Path) -> None:
    client = serve(models=(f"live={live}",), jobs_bytes=len(face) + 100)
    job = client.post("/v1/jobs?factor=4", content=face).json()
    assert ended(client, job["id"])["problem"]["status"] == 507, "source and result together are too much"
    assert client.post("/v1/jobs?factor=4", content=face).status_code == 202, "what failed takes no room"
    assert serve(models=(f"live={live}",), jobs_bytes=10).post("/v1/jobs", content=face).status_code == 507


def test_a_server_without_jobs(serve: Callable[..., Any], face: bytes, live: Path) -> None:
    assert serve(models=(f"live={live}",), jobs=None).post("/v1/jobs", content=face).status_code == 404


def test_jobs_are_counted(client: Any, face: bytes) -> None:
    ended(client, client.post("/v1/jobs", content=face).json()["id"])
    text = client.get("/metrics").text
    assert 'pliant_jobs_ended_total{state="done"} 1.0' in text
    assert "pliant_jobs_waiting 0.0" in text
