"""Jobs in a database, their files beside it: whatever happens to the process, the next one knows what is done.

A row is written when a job comes and when it ends. That it runs is nowhere on disk: what has not ended is to be done,
and nothing has to be repaired after a kill. A result is written to `making`, announced in the row with all that is to
tell about it, renamed into `results`, and put down as done. Between any two of these steps the process may die.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from pliant.apps.server.jobs.files import Files, synced
from pliant.apps.server.jobs.job import DONE, FAILED, QUEUED, Job, asked_as_json, asked_of, made_as_json, made_of
from pliant.apps.server.problems import Problem
from pliant.apps.server.task import Made
from pliant.errors import UsageError

NAME = "jobs.sqlite"
CANNOT_WRITE = "The server cannot write to its folder for jobs now, perhaps because the disk is full; try again later."
VERSION = 1
ROOM, PAGE = 1 << 18, 4096  # bytes that the files have to spare; of a page
SCHEMA = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which they came
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,                       -- queued, done or failed; a running one is queued
    asked TEXT NOT NULL,                       -- JSON: model, factor, size, ...
    planned TEXT NOT NULL,                     -- JSON: source_size, result_size, factor
    created REAL NOT NULL,                     -- seconds since 1970
    ended REAL,
    tries INTEGER NOT NULL DEFAULT 0,          -- how often it was begun and not put down again
    bytes INTEGER NOT NULL,                    -- of its files
    made TEXT,                                 -- JSON, from when the result is announced
    made_bytes INTEGER,
    problem TEXT                               -- JSON, RFC 9457
)
"""


class Store:
    """The jobs in `folder`. Safe to use from several threads; methods return when what they did is on the disk.

    Only one process at a time has it: SQLite's own lock, of which the system lets go however the process ends.
    Methods raise Problem: 507 where the disk is full or may not be written to, 503 after `close`.
    """

    def __init__(self, folder: Path) -> None:
        """Raises UsageError if another server has the folder, it cannot be used, or a newer pliant left it."""
        self.files, self._lock, self._closed = Files(folder), Lock(), False
        try:
            self.files.create()
            self._rows = sqlite3.connect(folder / NAME, timeout=0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise _unusable(folder, error) from error
        try:
            self._open(folder)
            self._recover()
        except (OSError, sqlite3.Error, Problem) as error:
            self._rows.close()
            raise _unusable(folder, error) from error
        except BaseException:
            self._rows.close()
            raise

    def close(self) -> None:
        """Let another server have the folder."""
        with self._lock:
            self._closed = True
            self._rows.close()

    def add(self, job: Job, body: Path) -> None:
        """Keep a new job, whose source is in the file `body` in `files.incoming`."""
        planned = {"source_size": job.source_size, "result_size": job.result_size, "factor": job.factor}
        size = body.stat().st_size
        with _writing():
            self.files.keep(body, job.id)
        try:
            self._write(
                "INSERT INTO jobs (id, state, asked, planned, created, bytes) VALUES (?, ?, ?, ?, ?, ?)",
                (job.id, QUEUED, json.dumps(asked_as_json(job.asked)), json.dumps(planned), job.created, size),
            )
        except Problem:
            self.files.drop(job.id)
            raise

    def waiting(self) -> list[Job]:
        """Those that have not ended, in the order in which they came."""
        return [self._job(row) for row in self._read("SELECT * FROM jobs WHERE state = ? ORDER BY number", (QUEUED,))]

    def find(self, job: str) -> Job | None:
        """A job; None if there is none, or none any more."""
        rows = self._read("SELECT * FROM jobs WHERE id = ?", (job,))
        return self._job(rows[0]) if rows else None

    def bytes(self) -> int:
        """What all have on disk together."""
        return self._read("SELECT coalesce(sum(bytes), 0) AS bytes FROM jobs", ())[0]["bytes"]

    def begin(self, job: str) -> int:
        """Put down that a job is begun; how often it was, this time included, without an end that is known."""
        self._write("UPDATE jobs SET tries = tries + 1 WHERE id = ?", (job,))
        rows = self._read("SELECT tries FROM jobs WHERE id = ?", (job,))
        return rows[0]["tries"] if rows else 0

    def put_back(self, job: str) -> None:
        """It was begun, and is left for another time."""
        self._write("UPDATE jobs SET tries = max(0, tries - 1) WHERE id = ?", (job,))

    def finish(self, job: str, made: Made) -> Job | None:
        """The result in `files.making` is whole; None if nobody wants it any more, and then it is removed."""
        size = made.path.stat().st_size
        with _writing():
            synced(made.path)
        text = json.dumps(made_as_json(made))
        if not self._write("UPDATE jobs SET made = ?, made_bytes = ? WHERE id = ?", (text, size, job)):
            self.files.drop(job)
            return None
        with _writing():
            self.files.complete(job)
        if not self._done(job, size):  # removed in this very moment
            self.files.drop(job)
        return self.find(job)

    def fail(self, job: str, problem: dict[str, Any], ended: float) -> None:
        """It will never be done; `ended` is in seconds since 1970."""
        self._write(
            "UPDATE jobs SET state = ?, problem = ?, ended = ?, bytes = 0, made = NULL WHERE id = ?",
            (FAILED, json.dumps(problem), ended, job),
        )
        with _writing():
            self.files.drop(job)

    def remove(self, job: str) -> None:
        """Remove everything of a job; its files first, so that there is room for the rest on a full disk."""
        with _writing():
            self.files.drop(job)
        self._write("DELETE FROM jobs WHERE id = ?", (job,))

    def remove_ended(self, before: float) -> None:
        """Remove everything of those that ended before a time in seconds since 1970."""
        for row in self._read("SELECT id FROM jobs WHERE ended < ?", (before,)):
            self.remove(row["id"])

    def _open(self, folder: Path) -> None:
        rows = self._rows
        rows.row_factory = sqlite3.Row
        # taken by the first statement that writes, and kept until the connection is closed
        rows.execute("PRAGMA locking_mode = EXCLUSIVE")
        rows.execute("PRAGMA journal_mode = WAL")
        rows.execute("PRAGMA synchronous = FULL")
        rows.execute("BEGIN IMMEDIATE")
        found = rows.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            raise UsageError(
                f"The jobs in {folder} were left by a newer pliant (version {found} of the table, {VERSION} is known); "
                "install that one, or choose another folder with --jobs."
            )
        if found == 0:
            rows.execute(SCHEMA)
            rows.execute(f"PRAGMA user_version = {VERSION}")
        rows.execute("COMMIT")
        rows.execute(f"PRAGMA wal_autocheckpoint = {ROOM // 2 // PAGE}")
        with suppress(sqlite3.OperationalError):  # on a disk that is full already, what is there can still be read
            self._make_room()

    def _make_room(self) -> None:
        """Let the files of the database have more bytes than they need: on a full disk, jobs can still end or go."""
        self._rows.execute("DROP TABLE IF EXISTS room")  # of a server that was killed here
        self._rows.execute("CREATE TABLE room (bytes BLOB)")
        self._rows.execute("INSERT INTO room VALUES (zeroblob(?))", (ROOM,))
        self._rows.execute("DROP TABLE room")

    def _recover(self) -> None:
        """Take over what the last process left: a result that was announced is done, the rest is to be done."""
        for row in self._read("SELECT * FROM jobs WHERE state = ? AND made IS NOT NULL", (QUEUED,)):
            job, size = row["id"], row["made_bytes"]
            if _has(self.files.making(job), size):
                self.files.complete(job)
            if _has(self.files.result(job), size):
                self._done(job, size)
            else:  # the power went before the bytes were on the disk
                self._write("UPDATE jobs SET made = NULL, made_bytes = NULL WHERE id = ?", (job,))
        states = {row["id"]: row["state"] for row in self._read("SELECT id, state FROM jobs", ())}
        waiting = {job for job, state in states.items() if state == QUEUED}
        self.files.clean(waiting, {job for job, state in states.items() if state == DONE})

    def _done(self, job: str, size: int) -> bool:
        changed = self._write(
            "UPDATE jobs SET state = ?, ended = ?, bytes = ? WHERE id = ?", (DONE, time.time(), size, job)
        )
        with suppress(OSError):  # the next start removes it
            self.files.source(job).unlink(missing_ok=True)
        return changed

    def _write(self, statement: str, values: tuple[Any, ...]) -> bool:
        """Whether a row was changed."""
        with self._used() as rows:
            return rows.execute(statement, values).rowcount > 0

    def _read(self, statement: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        with self._used() as rows:
            return rows.execute(statement, values).fetchall()

    @contextmanager
    def _used(self) -> Generator[sqlite3.Connection]:
        with self._lock, _writing():
            if self._closed:
                raise Problem(503, "The server is shutting down; try again later.", {"Retry-After": "5"})
            yield self._rows

    def _job(self, row: sqlite3.Row) -> Job:
        planned = json.loads(row["planned"])
        done, failed = row["state"] == DONE, row["state"] == FAILED
        return Job(
            id=row["id"],
            asked=asked_of(json.loads(row["asked"])),
            source_size=tuple(planned["source_size"]),
            result_size=tuple(planned["result_size"]),
            factor=planned["factor"],
            created=row["created"],
            state=row["state"],
            progress=1.0 if done else 0.0,
            ended=row["ended"],
            made=made_of(json.loads(row["made"]), self.files.result(row["id"])) if done else None,
            problem=json.loads(row["problem"]) if failed else None,
        )


@contextmanager
def _writing() -> Generator[None]:
    """What the disk refuses within the block is a Problem."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise Problem(507, CANNOT_WRITE) from error


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _unusable(folder: Path, error: Exception) -> UsageError:
    reason = error.__cause__ or error
    if isinstance(reason, sqlite3.OperationalError) and "locked" in str(reason):
        return UsageError(
            f"Another server keeps its jobs in {folder} now; end it, or choose another folder with --jobs."
        )
    said = reason.strerror if isinstance(reason, OSError) else str(reason)
    return UsageError(f"Jobs cannot be kept in {folder}: {said}. Choose another folder with --jobs.")
