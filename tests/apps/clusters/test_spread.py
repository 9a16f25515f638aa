"""Pictures given to workers and taken back: the same results, log and summary as without any."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import sleep
from types import SimpleNamespace
from typing import Any, cast

import pytest

import pliant
from pliant.apps.batch.leftovers import TEMPORARY
from pliant.apps.batch.log import NAME
from pliant.apps.batch.worker import Setup, Task, Worker, unique
from pliant.apps.clusters.base import find
from pliant.apps.folder import Summary
from pliant.apps.spread import LOST, PICTURES, PIXELS, portions
from pliant.errors import UsageError
from pliant.version import VERSION
from tests.apps.clusters import inline
from tests.apps.test_folder_killed import contents, lines, make
from tests.support import gradient, save

STEPS = ("run", "ready", "done", "failed", "end")


def logged(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / NAME).read_text().splitlines()]


def told(done: Summary) -> dict[str, Any]:
    """What a summary says, without where and how long."""
    kept = ("source", "model", "engine", "done", "skipped", "ignored", "notes")
    reasons = [(failure.source, failure.reason) for failure in done.failed]
    return {name: getattr(done, name) for name in kept} | {"failed": reasons}


def facts(folder: Path) -> list[dict[str, Any]]:
    """The lines of a log, in an order of their own, without times."""
    varying = {"at", "seconds", "time", "version"}
    kept = [{key: value for key, value in line.items() if key not in varying} for line in logged(folder)]
    return sorted(kept, key=lambda line: (STEPS.index(line["event"]), line.get("source", "")))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Nine small pictures in folders, one of grey with alpha as WebP and one that is damaged, and a text."""
    source = make(tmp_path / "in", 7)
    save(source, "alpha.webp", gradient(20, 10, 4))
    save(source, "photo.jpg", gradient(31, 17), quality=90)
    (source / "bad.png").write_text("no picture")
    (source / "text.txt").touch()
    return source


def test_the_same_as_one_machine(photos: Path, tmp_path: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inline.use(monkeypatch)
    alone = pliant.upscale_folder("in", "alone", 2.5, model=live)
    spread = pliant.upscale_folder("in", "spread", 2.5, model=live, cluster="auto")
    assert told(spread) == told(alone)
    assert (spread.done, len(spread.failed)) == (9, 1)
    found, wanted = contents(tmp_path / "spread"), contents(tmp_path / "alone")
    assert {name: found[name] for name in found if name != NAME} == {
        name: wanted[name] for name in wanted if name != NAME
    }
    assert sorted(found) == sorted(wanted)
    assert facts(tmp_path / "spread") == facts(tmp_path / "alone")


@pytest.fixture
def interrupting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Ctrl-C comes when the second result has its place and the log does not say so yet; what was placed till then."""
    usual, placed = os.replace, list[str]()

    def place(part: Path, path: Path) -> None:
        usual(part, path)
        if TEMPORARY.fullmatch(Path(path).name):  # a file that is being written
            return
        placed.append(path.name)
        if len(placed) == 2:
            signal.raise_signal(signal.SIGINT)
            sleep(0.2)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr("pliant.apps.batch.keeping.os.replace", place)
    yield placed
    signal.signal(signal.SIGINT, before)


def test_interrupted_while_a_result_is_placed(
    photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch, interrupting: list[str]
) -> None:
    inline.use(monkeypatch)
    target = photos.parent / "out"
    with pytest.raises(KeyboardInterrupt):
        pliant.upscale_folder(photos, target, 2, model=live, cluster="auto")
    assert len(interrupting) == 2
    assert sorted(name for name in contents(target) if name != NAME) == sorted(lines(target, "done"))
    assert len(lines(target, "done")) == 2


def test_each_goes_on_where_the_other_was(photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crew = inline.use(monkeypatch)
    target = photos.parent / "out"
    pliant.upscale_folder(photos, target, 2, model=live)
    again = pliant.upscale_folder(photos, target, 2, model=live, cluster="auto", resume=True)
    assert (again.done, again.skipped, crew.portions) == (0, 9, [])
    save(photos, "new.png", gradient(9, 9))
    more = pliant.upscale_folder(photos, target, 2, model=live, cluster="auto", resume=True)
    assert (more.done, more.skipped, crew.portions) == (1, 9, [["new.png"]])
    assert pliant.upscale_folder(photos, target, 2, model=live, resume=True).skipped == 10


def test_pictures_of_a_lost_worker_are_done_again_one_by_one(
    photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = inline.use(monkeypatch, {"0/003.png": 1, "1/001.png": 9})
    monkeypatch.setattr("pliant.apps.spread.ROUNDS", 1)  # so that a portion has several pictures
    target = photos.parent / "out"
    done = pliant.upscale_folder(photos, target, 2, model=live, cluster="auto")
    assert next((failure.source, failure.reason) for failure in done.failed) == ("1/001.png", LOST)
    assert done.done == 8
    assert set(Counter(lines(target, "done")).values()) == {1}
    assert max(len(portion) for portion in crew.portions) > 1
    assert ["0/003.png"] in crew.portions
    assert not [name for name in contents(target) if TEMPORARY.fullmatch(Path(name).name)], "nothing is left behind"
    assert not (target / "1/001.png").exists()
    again = pliant.upscale_folder(photos, target, 2, model=live, cluster="auto")
    assert (again.done, again.skipped) == (0, 8)


def test_a_result_that_cannot_get_its_place(photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inline.use(monkeypatch)
    target = photos.parent / "out"
    target.mkdir()
    (target / "0").touch()  # where a folder would have to be
    done = pliant.upscale_folder(photos, target, 2, model=live, cluster="auto")
    assert [failure.source for failure in done.failed] == ["0/000.png", "0/003.png", "0/006.png", "bad.png"]
    assert all(str(target / "0") in failure.reason for failure in done.failed[:3])
    assert done.done == 6


def test_one_machine_needs_nothing_of_clusters(photos: Path, live: Path) -> None:
    code = "import sys, pliant\npliant.upscale_folder(sys.argv[1], factor=2, model=sys.argv[2])\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code, photos, live], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in ran.stdout.split()} & {"ray", "fsspec", "pandas", "pyarrow"}
    assert "pliant.apps.clusters" not in ran.stdout


def test_portions_become_smaller_to_the_end() -> None:
    def tasks(count: int, side: int) -> list[Task]:
        job = SimpleNamespace(plan=SimpleNamespace(computed=(side, side)))
        return [Task(k, cast("Any", job)) for k in range(count)]

    for count, side, workers in ((200, 100, 2), (5, 10, 8), (1000, 2000, 3), (10_000, 50, 4)):
        given = tasks(count, side)
        cut = portions(given, workers)
        assert [task for portion in cut for task in portion] == given
        assert all(len(portion) <= PICTURES for portion in cut)
        assert all(len(portion) == 1 or (len(portion) - 1) * side**2 < PIXELS for portion in cut)
        assert len(cut) >= min(count, 4 * workers)
        assert len(cut[-1]) == 1


def test_no_two_attempts_share_a_file() -> None:
    place = Path("folder/a.png")
    assert unique(place) != unique(place)
    assert TEMPORARY.fullmatch(unique(place).name), "the next run knows it as a leftover"


def test_another_version_on_a_worker_is_refused(live: Path) -> None:
    from pliant.apps.steps import Wish
    from pliant.engines.base import Source
    from pliant.imaging.upscaling import Limits

    setup = Setup(VERSION, Source.of(live), "onnxruntime", "f32", Wish(2.0), Limits(), 1)
    Worker(setup)
    with pytest.raises(UsageError, match=r"begun with 0\.0\.0"):
        Worker(replace(setup, version="0.0.0"))


def test_a_session_stays_at_home(photos: Path, live: Path) -> None:
    with pliant.load(live) as session, pytest.raises(UsageError, match="stays in its process"):
        pliant.upscale_folder(photos, photos.parent / "out", 2, model=session, cluster="auto")


@pytest.mark.parametrize("text", ["", "ray:", "ray://"])
def test_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="is no cluster"):
        find(text)
