"""What a store finds that another left, wherever that one died."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")

from pliant.apps.server.jobs.files import Files
from pliant.apps.server.jobs.job import DONE, FAILED, QUEUED, Job, asked_as_json, asked_of, is_id, new_id
from pliant.apps.server.jobs.store import NAME, VERSION, Store
from pliant.apps.server.problems import Problem
from pliant.apps.server.task import Made
from pliant.apps.server.wishes import Asked
from pliant.errors import UsageError

ASKED = Asked.of({"size": "50x", "format": "jpeg", "alpha": "resize", "strip": "yes", "model": "live"})


class Dies(BaseException):
    """The process ends here."""


@pytest.fixture
def store(tmp_path: Path) -> Generator[Store]:
    with closing(Store(tmp_path)) as opened:
        yield opened


def added(store: Store, data: bytes = b"source") -> Job:
    body = store.files.incoming / "body"
    body.write_bytes(data)
    job = Job(new_id(), ASKED, (24, 18), (50, 38), 50 / 24, time.time())
    store.add(job, body)
    return job


def made(store: Store, job: Job, data: bytes = b"result") -> Made:
    path = store.files.making(job.id)
    path.write_bytes(data)
    return Made(path, "image/jpeg", ".jpg", (24, 18), (50, 38), 50 / 24, "live", "onnxruntime", 0.5, ("One note.",))


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {NAME, f"{NAME}-wal"}


def test_a_job_comes_and_ends(store: Store, tmp_path: Path) -> None:
    job = added(store)
    assert store.find(job.id) == job
    assert store.waiting() == [job]
    assert store.bytes() == 6
    assert store.files.source(job.id).read_bytes() == b"source"
    facts = made(store, job, b"the result")
    done = store.finish(job.id, facts)
    assert done is not None
    assert (done.state, done.progress, store.bytes()) == (DONE, 1, 10)
    assert done.made is not None
    assert done.made.path.read_bytes() == b"the result"
    assert done.made == Made(**{**vars(facts), "path": store.files.result(job.id)})
    assert store.find(job.id) == done
    assert names(tmp_path) == {f"results/{job.id}"}
    store.remove(job.id)
    assert (store.find(job.id), store.bytes(), names(tmp_path)) == (None, 0, set())


def test_a_job_that_fails(store: Store, tmp_path: Path) -> None:
    job = added(store)
    store.fail(job.id, {"status": 415}, 1000.0)
    found = store.find(job.id)
    assert found is not None
    assert (found.state, found.problem, found.ended, names(tmp_path)) == (FAILED, {"status": 415}, 1000, set())
    store.remove_ended(999)
    assert store.find(job.id) == found
    store.remove_ended(1001)
    assert store.find(job.id) is None


def test_what_is_asked_is_kept() -> None:
    assert asked_of(asked_as_json(ASKED)) == ASKED
    plain = Asked.of({"factor": "2.7"})
    assert asked_of(asked_as_json(plain)) == plain


def test_ids() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
    assert is_id(new_id())
    assert not any(is_id(text) for text in ("", "../" + "0" * 29, "0" * 32 + "\n", "A" * 32, "٣" * 32, "0" * 33))


def dying(store: Store, job: Job, monkeypatch: pytest.MonkeyPatch, place: Any, step: str) -> None:
    """The process dies when a result is to go through a step."""

    def die(*given: object) -> None:
        raise Dies

    monkeypatch.setattr(place, step, die)
    with pytest.raises(Dies):
        store.finish(job.id, made(store, job))
    monkeypatch.undo()
    store.close()


@pytest.mark.parametrize(("place", "step"), [(Files, "complete"), (Store, "_done")])
def test_a_result_that_was_announced_is_done(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Any, step: str
) -> None:
    job = added(store)
    dying(store, job, monkeypatch, place, step)
    with closing(Store(tmp_path)) as after:
        assert after.waiting() == []
        found = after.find(job.id)
        assert found is not None
        assert found.made is not None
        assert (found.state, found.made.notes) == (DONE, ("One note.",))
        assert found.made.path.read_bytes() == b"result"
        assert names(tmp_path) == {f"results/{job.id}"}


def test_a_result_that_was_not_announced_is_done_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = added(store)
    dying(store, job, monkeypatch, Store, "_write")
    with closing(Store(tmp_path)) as after:
        assert after.waiting() == [job]
        assert names(tmp_path) == {f"sources/{job.id}"}


def test_a_result_that_a_power_cut_has_shortened_is_done_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = added(store)
    dying(store, job, monkeypatch, Store, "_done")
    store.files.result(job.id).write_bytes(b"res")
    with closing(Store(tmp_path)) as after:
        assert after.waiting() == [job]
        assert names(tmp_path) == {f"sources/{job.id}"}


def test_a_source_without_a_row_is_removed(store: Store, tmp_path: Path) -> None:
    store.files.source(new_id()).write_bytes(b"came when the process died")
    (store.files.incoming / "body").write_bytes(b"half of i")
    store.close()
    with closing(Store(tmp_path)):
        assert names(tmp_path) == set()


def test_a_job_removed_while_its_result_is_put_down(store: Store, tmp_path: Path) -> None:
    job = added(store)
    facts = made(store, job)
    store._write("DELETE FROM jobs WHERE id = ?", (job.id,))
    assert store.finish(job.id, facts) is None
    assert names(tmp_path) == set()


def test_how_often_a_job_was_begun(store: Store) -> None:
    job = added(store)
    assert [store.begin(job.id), store.begin(job.id)] == [1, 2]
    store.put_back(job.id)
    assert store.begin(job.id) == 2


def test_only_one_at_a_time(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Another server keeps its jobs in"):
        Store(tmp_path)
    assert store.find(new_id()) is None, "the first still works"
    store.close()
    with pytest.raises(Problem, match="shutting down"):
        store.find(new_id())
    Store(tmp_path).close()


def test_what_cannot_be_a_folder_of_jobs(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"Jobs cannot be kept in .*file"):
        Store(tmp_path / "file")
    (tmp_path / NAME).write_bytes(b"something else entirely" * 100)
    with pytest.raises(UsageError, match="not a database"):
        Store(tmp_path)


def test_a_newer_table_is_refused(store: Store, tmp_path: Path) -> None:
    store.close()
    with closing(sqlite3.connect(tmp_path / NAME)) as rows:
        rows.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(UsageError, match="left by a newer pliant"):
        Store(tmp_path)


def test_jobs_wait_in_the_order_in_which_they_came(store: Store) -> None:
    jobs = [added(store) for _ in range(5)]
    store.fail(jobs[2].id, {}, 0.0)
    assert store.waiting() == [*jobs[:2], *jobs[3:]]
    assert {job.state for job in store.waiting()} == {QUEUED}
