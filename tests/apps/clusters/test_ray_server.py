"""The server on a local Ray cluster of two workers: one deployment for most tests of this file."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pliant
from pliant.apps.server.jobs.store import NAME
from pliant.errors import ClusterError, InputError, UsageError
from tests.apps.processes import children
from tests.support import gradient, save

pytest.importorskip("ray.data")
pytest.importorskip("grpc", reason="comes with ray[serve]")
httpx: Any = pytest.importorskip("httpx")
pytestmark = pytest.mark.xdist_group("ray")

PATIENCE = 180  # seconds
REPLICA, KEEPER = "ray::ServeReplica:pliant:", "ray::ServeReplica:pliant-jobs:"
ENDED = ("done", "failed")


@dataclass
class Site:
    """A deployed server."""

    client: Any
    jobs: Path

    def post(self, picture: bytes, factor: float = 2.7) -> str:
        """The path of a new job."""
        got = self.client.post(f"/v1/jobs?factor={factor}", content=picture)
        assert got.status_code == 202, got.text
        return got.headers["location"]

    def until(self, path: str, *states: str) -> dict[str, Any]:
        """The job when it is in one of some states; that nobody answers for a time is endured."""
        late = time.monotonic() + PATIENCE
        while time.monotonic() < late:
            got = self.client.get(path)
            if got.status_code == 200 and got.json()["state"] in states:
                return got.json()
            time.sleep(0.05)
        raise AssertionError(f"{path}: {got.status_code} {got.text}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, live: Path) -> Iterator[Site]:
    from pliant.apps.server.onray.deployed import deployed
    from pliant.apps.server.settings import Settings

    jobs = tmp_path_factory.mktemp("cluster") / "jobs"
    settings = Settings(port=free_port(), jobs=jobs, models=(f"live={live}",), engine="onnxruntime", threads=1)
    with deployed(settings, "auto", 2) as url, httpx.Client(base_url=url, timeout=PATIENCE) as client:
        yield Site(client, jobs)


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Twenty pictures that take some time together."""
    return noise(tmp_path_factory.mktemp("pictures"), 200, 300)


def noise(folder: Path, rows: int, columns: int) -> list[Path]:
    """Twenty pictures, each of which has a row more than the one before."""
    made = np.random.default_rng(0)
    return [save(folder, f"{k}.png", made.integers(0, 256, (rows + k, columns, 3), np.uint8)) for k in range(20)]


def alone(picture: Path, live: Path, folder: Path, factor: float) -> bytes:
    """What one machine makes of it."""
    pliant.upscale(picture, folder / "alone.png", factor, model=live)
    return (folder / "alone.png").read_bytes()


def kill(kind: str) -> None:
    """Kill the processes of a kind."""
    found = [process for process, name in children(os.getpid()).items() if name.startswith(kind)]
    assert found, children(os.getpid())
    for process in found:
        os.kill(process, signal.SIGKILL)


def left(jobs: Path) -> list[str]:
    """The files that belong to no result."""
    return [path.name for part in ("incoming", "sources", "making") for path in (jobs / part).iterdir()]


def test_a_server_that_cannot_start(tmp_path: Path) -> None:
    from pliant.apps.server.onray.deployed import deployed
    from pliant.apps.server.settings import Settings

    (tmp_path / "broken.onnx").write_bytes(b"no model")
    broken = Settings(jobs=None, models=(f"broken={tmp_path / 'broken.onnx'}",))
    with pytest.raises(InputError, match="is not an ONNX model"), deployed(broken, "auto", 1):
        pass
    with (
        pytest.raises(UsageError, match=r"A replica needs 1000 cores, but no machine of the cluster has more than \d+"),
        deployed(Settings(port=9, jobs=None, threads=1000), "auto", 1),
    ):
        pass
    with (
        pytest.raises(ClusterError, match=r"cannot start on the cluster: There is no engine named 'nonsense'"),
        deployed(Settings(port=9, jobs=None, engine="nonsense"), "auto", 1),
    ):
        pass


def test_the_command_is_terminated_in_the_middle(live: Path, tmp_path: Path) -> None:
    # so many pixels that the last is not done before a busy machine has passed the signal on
    port, jobs, sources = free_port(), tmp_path / "jobs", noise(tmp_path, 500, 600)
    command = [sys.executable, "-m", "pliant", "serve", "--cluster", "auto", "--json", "--port", str(port)]
    command += ["--jobs", str(jobs), "-m", f"live={live}", "-e", "onnxruntime", "--replicas", "1"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**environment, "TMPDIR": str(tmp_path)}
    )
    assert process.stdout is not None
    assert process.stderr is not None
    url = f"http://127.0.0.1:{port}"
    first = process.stdout.readline()
    assert first == f"{json.dumps({'url': url})}\n", process.stderr.read()
    with httpx.Client(base_url=url, timeout=PATIENCE) as client:
        site = Site(client, jobs)
        ids = [site.post(picture.read_bytes(), 4).rpartition("/")[2] for picture in sources]
        site.until(f"/v1/jobs/{ids[1]}", *ENDED)
    process.terminate()
    out, complaint = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, complaint) == (-signal.SIGTERM, "", f"pliant serves on {url}\n")
    with closing(sqlite3.connect(jobs / NAME)) as rows:
        found = {job: told for job, *told in rows.execute("SELECT id, state, tries FROM jobs")}
    waiting = {job for job, (state, _) in found.items() if state == "queued"}
    assert set(found) == set(ids)
    assert 0 < len(waiting) < len(ids) - 1, "the server was to end in the middle"
    assert {found[job][1] for job in waiting} == {0}, "an end in good order does not count as a try"
    assert set(left(jobs)) == waiting
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("pliant-")] == [], "nothing is left"


def test_requests(site: Site, live: Path, tmp_path: Path) -> None:
    face = save(tmp_path, "face.png", gradient(24, 18))
    got = site.client.post("/v1/upscale?factor=2.7", content=face.read_bytes())
    assert got.content == alone(face, live, tmp_path, 2.7)
    assert site.client.post("/v1/upscale?factor=0", content=face.read_bytes()).status_code == 400
    assert site.client.get("/v1/nothing").status_code == 404
    assert {"/v1/jobs", "/v1/jobs/{id}/events"} < set(site.client.get("/openapi.json").json()["paths"])


def test_a_job(site: Site, live: Path, tmp_path: Path) -> None:
    face = save(tmp_path, "face.png", gradient(24, 18))
    path = site.post(face.read_bytes())
    with site.client.stream("GET", f"{path}/events") as events:
        told = [line.removeprefix("id: ") for line in events.iter_lines() if line.startswith("id: ")]
    assert told[-1] == "done"
    job, got = site.client.get(path).json(), site.client.get(f"{path}/result")
    assert (job["state"], job["progress"], job["result_size"]) == ("done", 1, [int(24 * 2.7), int(18 * 2.7)])
    assert got.content == alone(face, live, tmp_path, 2.7)
    assert got.headers["pliant-size"] == "64x48"
    part = site.client.get(f"{path}/result", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    assert site.client.delete(path).status_code == 204
    assert site.client.get(path).status_code == 404
    assert not left(site.jobs)


def test_what_is_wrong_with_a_job(site: Site, tmp_path: Path) -> None:
    face = save(tmp_path, "face.png", gradient(240, 180)).read_bytes()
    assert site.client.post("/v1/jobs?factor=0", content=face).status_code == 400
    assert site.client.post("/v1/jobs", content=b"no picture").status_code == 415
    assert site.client.get("/v1/jobs/nonsense").status_code == 404
    assert site.client.get("/v1/jobs").status_code == 405
    broken = site.until(site.post(face[: len(face) // 2]), *ENDED)
    assert (broken["state"], broken["problem"]["status"]) == ("failed", 415), "a replica has found it out"
    assert not left(site.jobs)


def test_a_running_job_is_deleted(site: Site, large: list[Path], tmp_path: Path) -> None:
    paths = [site.post(picture.read_bytes(), 4) for picture in large[:4]]
    site.until(paths[0], "running", *ENDED)
    assert {site.client.delete(path).status_code for path in paths} == {204}
    face = save(tmp_path, "face.png", gradient(24, 18)).read_bytes()
    assert site.until(site.post(face), *ENDED)["state"] == "done", "the replica is free again"
    late = time.monotonic() + PATIENCE
    while left(site.jobs) and time.monotonic() < late:
        time.sleep(0.05)
    assert not left(site.jobs)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="replicas are found in /proc")
@pytest.mark.parametrize("kind", [REPLICA, KEEPER])
def test_a_process_is_killed_in_the_middle_of_twenty_jobs(
    site: Site, large: list[Path], live: Path, tmp_path: Path, kind: str
) -> None:
    paths = [site.post(picture.read_bytes(), 4) for picture in large]
    site.until(paths[2], *ENDED)
    kill(kind)
    assert [site.until(path, *ENDED)["state"] for path in paths] == ["done"] * len(paths)
    for k in (0, 3, 4, 19):
        assert site.client.get(f"{paths[k]}/result").content == alone(large[k], live, tmp_path, 4)
    assert not left(site.jobs)
    for path in paths:
        site.client.delete(path)


def test_a_second_server(site: Site, tmp_path: Path) -> None:
    from pliant.apps.server.onray.deployed import deployed
    from pliant.apps.server.settings import Settings

    with (
        pytest.raises(UsageError, match="Another server keeps its jobs"),
        deployed(Settings(jobs=site.jobs), "auto", 1),
    ):
        pass
    with (
        pytest.raises(UsageError, match="Ray Serve runs on this cluster already, and serves 'pliant', 'pliant-jobs'"),
        deployed(Settings(jobs=tmp_path), "auto", 1),
    ):
        pass
    assert site.client.get("/health/ready").status_code == 200, "the first goes on"
