"""A local Ray cluster of two workers, one for all tests of this file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import pliant
from pliant.apps.batch.leftovers import TEMPORARY
from pliant.apps.batch.log import NAME
from pliant.apps.cli.main import main
from pliant.apps.clusters import ray as home
from pliant.apps.clusters.base import Wanted, find
from pliant.errors import ClusterError, MissingExtra, UsageError
from tests.apps.processes import children
from tests.apps.test_folder_killed import contents, lines, make

pytest.importorskip("ray.data")
pytestmark = pytest.mark.xdist_group("ray")

PICTURES = 60
PATIENCE = 120  # seconds
NOWHERE = "127.0.0.1:9"  # nothing listens at the port for throwing away
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster that pliant has started in this process."""
    with home.joined("auto", Wanted(2, PICTURES)):
        import ray

        yield ray.get_runtime_context().gcs_address


def actors(above: int) -> list[int]:
    """The processes of the actor pool that have been started below a process."""
    return [process for process, name in children(above).items() if name.startswith("ray::MapWorker")]


def kill_one(target: Path, after: int, killed: list[int]) -> None:
    """Kill an actor when so many pictures are done."""
    late = time.monotonic() + PATIENCE
    while len(lines(target, "done")) < after and time.monotonic() < late:
        time.sleep(0.01)
    for process in actors(os.getpid())[:1]:
        os.kill(process, signal.SIGKILL)
        killed.append(process)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="actors are found in /proc")
def test_a_worker_is_killed_in_the_middle(
    cluster: str, tmp_path: Path, live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del cluster
    monkeypatch.setattr("pliant.apps.spread.PICTURES", 4)  # in a portion, so that there is a middle
    source, target = make(tmp_path / "in", PICTURES, times=4), tmp_path / "out"
    (source / "bad.png").write_text("no picture")
    killed = list[int]()
    killing = threading.Thread(target=kill_one, args=(target, PICTURES // 6, killed))
    killing.start()
    done = pliant.upscale_folder(source, target, 2.5, model=live, cluster="auto")
    killing.join()
    assert killed
    assert (done.done, [failure.source for failure in done.failed]) == (PICTURES, ["bad.png"])
    assert Counter(lines(target, "done")) == Counter(name for name in contents(source) if name != "bad.png")
    alone = contents(pliant.upscale_folder(source, tmp_path / "alone", 2.5, model=live).destination)
    found = contents(target)
    del found[NAME], alone[NAME]
    assert found == alone
    again = pliant.upscale_folder(source, target, 2.5, model=live, cluster="auto", resume=True)
    assert (again.done, again.skipped) == (0, PICTURES)


def test_interrupted_from_the_keyboard(cluster: str, tmp_path: Path, live: Path) -> None:
    # so many that the run is not over before a busy machine lets this process look
    source, target = make(tmp_path / "in", 300, times=6), tmp_path / "out"
    command = [sys.executable, "-m", "pliant", "upscale", str(source), "-o", str(target), "-s", "4", "-m", str(live)]
    process = subprocess.Popen(
        [*command, "--cluster", cluster], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    late = time.monotonic() + PATIENCE
    while len(lines(target, "done")) < 5 and process.poll() is None and time.monotonic() < late:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    out, complaint = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (130, ""), complaint
    assert [line for line in complaint.splitlines() if line] == [
        "note: What is done stays done; the same command with --resume goes on from there.",
        "pliant: interrupted.",
    ]
    done = lines(target, "done")
    assert 5 <= len(done) < 300
    # a worker on another machine cannot be waited for; what it left is known as a leftover, and goes with the next run
    assert sorted(name for name in contents(target) if not TEMPORARY.fullmatch(Path(name).name)) == sorted(
        [NAME, *done]
    )


def test_the_command_line(cluster: str, tmp_path: Path, live: Path, capfd: pytest.CaptureFixture[str]) -> None:
    del cluster
    source = make(tmp_path / "in", 3)
    (source / "bad.png").write_text("no picture")
    listing = tmp_path / "urls.txt"
    listing.write_text("\n".join(path.as_uri() for path in sorted(source.rglob("*.png"))))
    command = ["upscale", str(listing), "-o", str(tmp_path / "out"), "-s", "2", "-m", str(live), "--cluster", "auto"]
    assert main([*command, "--json"]) == 1
    shown = capfd.readouterr()
    assert (json.loads(shown.out)["done"], shown.err.count("\n")) == (3, 1), "nothing of Ray's is on the terminal"
    alone = pliant.upscale_folder(source, tmp_path / "alone", 2, model=live).destination
    for name in ("0/000.png", "1/001.png", "2/002.png"):
        assert (tmp_path / f"out{source}" / name).read_bytes() == (alone / name).read_bytes()


def test_workers_that_cannot_begin(
    cluster: str, tmp_path: Path, live: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del cluster
    monkeypatch.setattr("pliant.apps.folder.VERSION", "0.0.0")  # as if every machine had another version
    source, out = make(tmp_path / "in", 2), tmp_path / "out"
    command = ["upscale", str(source), "-o", str(out), "-s", "2", "-m", str(live), "--cluster", "auto"]
    assert main(command) == 2
    shown = capfd.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert shown.err.startswith("pliant: The workers cannot begin: A worker has pliant ")
    assert list(contents(out)) == [NAME]


def test_nobody_is_told(cluster: str) -> None:
    del cluster
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


@pytest.mark.parametrize("address", [NOWHERE, "nonsense", "ray://" + NOWHERE, "127.0.0.1:99999", "10.0.0.5"])
def test_no_cluster_there(address: str, tmp_path: Path, live: Path, capsys: Capture) -> None:
    source = make(tmp_path / "in", 1)
    out = tmp_path / "out"
    assert main(["upscale", str(source), "-o", str(out), "-m", str(live), "--cluster", address]) == 2
    assert capsys.readouterr().err.startswith("pliant: There is no Ray cluster at ")
    assert not out.exists()


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "PACKAGES", ("ray", "no_such_package"))
    with pytest.raises(MissingExtra, match=r"'no_such_package'.*pliant\[ray\]"):
        find("auto")


def test_a_running_cluster_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    assert home._running() is None
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray/ray_current_cluster").write_text(NOWHERE)
    assert home._running() is None, "it has ended"
    monkeypatch.setattr(home, "_answers", lambda address: True)
    assert home._running() == NOWHERE
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.5:6379")
    assert home._running() == "10.0.0.5:6379"


@pytest.mark.parametrize(
    ("cores", "workers", "pictures", "expected"),
    [
        ([8], None, 100, (8, 1)),
        ([8], None, 2, (2, 4)),
        ([8], 4, 100, (4, 2)),
        ([8], 3, 100, (3, 2)),
        ([8], 20, 100, (8, 1)),
        ([0, 2, 2, 2, 2], 2, 100, (2, 2)),  # none has four
        ([4, 1], 2, 100, (2, 2)),
    ],
)
def test_workers_and_threads(cores: list[int], workers: int | None, pictures: int, expected: tuple[int, int]) -> None:
    nodes = [{"Alive": True, "Resources": {"CPU": float(count)} if count else {}} for count in cores]
    ray = SimpleNamespace(nodes=lambda: [*nodes, {"Alive": False, "Resources": {"CPU": 64.0}}])
    crew = home.Crew(ray, Wanted(workers, pictures))
    assert (crew.count, crew.threads) == expected


def test_no_workers(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="0 workers"):
        pliant.upscale_folder(tmp_path, "out", workers=0, cluster="auto")
    with pytest.raises(ClusterError, match="no machine with a processor"):
        home.Crew(SimpleNamespace(nodes=list), Wanted(None, 1))
