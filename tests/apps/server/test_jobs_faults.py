"""What goes wrong with one job or client, others do not notice."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest

from tests.apps.server.process import PATIENCE, Process, running, until_ended
from tests.support import save

# lets the one place through which sources and results get to the disk refuse what a file `refuse-incoming` or
# `refuse-making` beside them says
REFUSING = """
import os
from pliant.apps.server.jobs import files, store

usual = files.synced

def synced(path):
    fault = path.parent.with_name(f"refuse-{path.parent.name}")
    if fault.exists():
        raise OSError(code := int(fault.read_text()), os.strerror(code))
    usual(path)

files.synced = store.synced = synced
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, live: Path) -> Generator[Process]:
    with running(tmp_path_factory.mktemp("server") / "jobs", live, before=REFUSING) as process:
        yield process


@pytest.fixture
def place(server: Process) -> Path:
    return server.jobs


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A PNG of about 80 kB, whose result has one MB at factor 4."""
    noise = np.random.default_rng(0).integers(0, 256, (180, 160, 3), np.uint8)
    return save(tmp_path_factory.mktemp("large"), "large.png", noise).read_bytes()


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A PNG whose result has 8 MB as BMP at factor 1: more than the system keeps for a client that does not read."""
    return save(tmp_path_factory.mktemp("huge"), "huge.png", np.zeros((1400, 2000, 3), np.uint8)).read_bytes()


def works(server: Process, face: bytes) -> None:
    """A request and a job are done as ever."""
    with server.client() as client:
        assert client.post("/v1/upscale?factor=2", content=face).status_code == 200, server.log("failed")
        job = client.post("/v1/jobs?factor=2", content=face).json()["id"]
        assert until_ended(client, job)["state"] == "done"
        assert client.get(f"/v1/jobs/{job}/result").status_code == 200


def connected(server: Process, text: str, body: bytes = b"") -> socket.socket:
    """A connection over which the beginning of a request was sent."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), PATIENCE)
    connection.sendall(f"{text}\r\nHost: {host}\r\n".encode() + body)
    return connection


def eventually(is_so: Callable[[], bool]) -> None:
    late = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < late
        time.sleep(0.01)


def test_a_client_that_goes_in_the_middle_of_an_upload(server: Process, place: Path, face: bytes) -> None:
    with connected(server, "POST /v1/jobs HTTP/1.1", b"Content-Length: %d\r\n\r\n" % (4 << 20)) as connection:
        connection.sendall(bytes(2 << 20))  # more than is collected before it is written
        eventually(lambda: any((place / "incoming").iterdir()))
    works(server, face)
    eventually(lambda: not any((place / "incoming").iterdir()))
    eventually(lambda: 499 in {fact["status"] for fact in server.log("request") if fact["method"] == "POST"})
    assert not server.log("failed"), "this is nothing unusual"


def test_a_client_that_goes_in_the_middle_of_events(server: Process, face: bytes, large: bytes) -> None:
    with server.client() as client:
        jobs = [client.post("/v1/jobs?factor=4", content=large).json()["id"] for _ in range(2)]
        with connected(server, f"GET /v1/jobs/{jobs[1]}/events HTTP/1.1", b"\r\n") as connection:
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
        works(server, face)
        assert [until_ended(client, job)["state"] for job in jobs] == ["done", "done"]
    assert not server.log("failed")


def test_clients_that_read_nothing_or_go_in_the_middle_of_a_download(server: Process, face: bytes, huge: bytes) -> None:
    with server.client() as client:
        job = client.post("/v1/jobs?factor=1&format=bmp", content=huge).json()["id"]
        assert until_ended(client, job)["state"] == "done"
        text = f"GET /v1/jobs/{job}/result HTTP/1.1"
        with connected(server, text, b"\r\n") as slow, connected(server, text, b"\r\n") as gone:
            assert gone.recv(1000).startswith(b"HTTP/1.1 200")
            gone.close()
            assert slow.recv(1) == b"H"
            works(server, face)
            assert client.delete(f"/v1/jobs/{job}").status_code == 204, "also while somebody reads it"
    assert not server.log("failed")


def test_a_client_that_sends_one_byte_a_second(server: Process, place: Path, face: bytes) -> None:
    head = b"Content-Length: %d\r\n\r\n" % len(face)
    with (
        connected(server, "POST /v1/jobs HTTP/1.1", head) as job,
        connected(server, "POST /v1/upscale HTTP/1.1", head) as request,
    ):
        for k in range(3):
            job.sendall(face[k : k + 1])
            request.sendall(face[k : k + 1])
            works(server, face)
            time.sleep(1)  # what this is about
        job.sendall(face[3:])
        request.sendall(face[3:])
        assert job.recv(1 << 16).startswith(b"HTTP/1.1 202")
        assert request.recv(1 << 16).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_disk_that_refuses(server: Process, place: Path, face: bytes, code: int) -> None:
    with server.client() as client:
        try:
            (place / "refuse-making").write_text(str(code))
            job = client.post("/v1/jobs?factor=4", content=face).json()["id"]
            problem = until_ended(client, job)["problem"]
            assert problem["status"] == 507
            assert str(place) not in problem["detail"]
            (place / "refuse-incoming").write_text(str(code))
            got = client.post("/v1/jobs", content=face)
            assert (got.status_code, got.json()["title"]) == (507, "Insufficient Storage")
            assert client.post("/v1/upscale?factor=2", content=face).status_code == 200
        finally:
            for path in place.glob("refuse-*"):
                path.unlink()
        assert not any((place / "making").iterdir())
        assert client.get(f"/v1/jobs/{job}").json()["problem"] == problem
        assert client.delete(f"/v1/jobs/{job}").status_code == 204
    works(server, face)


def mounted(*what: str) -> bool:
    """Whether this was mounted."""
    command = shutil.which("mount")
    if command is None or sys.platform != "linux" or os.geteuid() != 0:
        return False
    return subprocess.run([command, *what], capture_output=True, check=False).returncode == 0


def unmounted(place: Path) -> None:
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if not mounted("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)):
        pytest.skip("only root makes file systems, on Linux")
    yield place
    unmounted(place)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 - it ends no other way


def test_a_disk_that_is_full(disk: Path, live: Path, face: bytes, large: bytes) -> None:
    with running(disk / "jobs", live) as server, server.client() as client:
        small, much = (client.post("/v1/jobs?factor=4", content=picture).json()["id"] for picture in (face, large))
        assert until_ended(client, small)["state"] == "done"
        assert until_ended(client, much)["problem"]["status"] == 507, "the result is larger than the disk"
        works(server, face)
        fill(disk / "filler")
        assert client.post("/v1/jobs", content=large).status_code == 507
        assert client.post("/v1/upscale?factor=2", content=face).status_code == 200
        assert client.get(f"/v1/jobs/{small}/result").status_code == 200
        assert client.delete(f"/v1/jobs/{small}").status_code == 204, "or room could never be made"
        (disk / "filler").unlink()
        works(server, face)


def test_a_folder_that_may_only_be_read(disk: Path, live: Path, face: bytes) -> None:
    jobs = disk / "jobs"
    with running(jobs, live) as server, server.client() as client:
        job = client.post("/v1/jobs?factor=4", content=face).json()["id"]
        assert until_ended(client, job)["state"] == "done"
        # another view of the same folder, through which the server goes from now on
        assert mounted("--bind", str(jobs), str(jobs))
        try:
            assert mounted("-o", "remount,bind,ro", str(jobs))
            assert client.post("/v1/jobs", content=face).status_code == 507
            assert client.delete(f"/v1/jobs/{job}").status_code == 507
            assert client.post("/v1/upscale?factor=2", content=face).status_code == 200
            assert client.get("/health/ready").status_code == 200
            assert client.get(f"/v1/jobs/{job}/result").status_code == 200
            assert server.end(signal.SIGTERM) == -signal.SIGTERM
            command = [
                sys.executable,
                "-m",
                "pliant",
                "serve",
                "--port",
                "0",
                "--jobs",
                str(jobs),
                "-m",
                f"live={live}",
            ]
            refused = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
            assert refused.returncode == 2
            assert refused.stderr.startswith(f"pliant: Jobs cannot be kept in {jobs}"), refused.stderr
        finally:
            unmounted(jobs)
