"""The log of a folder of results: JSON lines that say what was done, and by which a later run knows it.

Every line is appended by one write and never changed. Of each picture there are

- `ready`, when its result is complete in a temporary file, with the size and time of that file;
- `done`, when that file has been renamed to the result, or `failed` with the reason.

A process that is killed leaves one of these states: no `ready` line, and perhaps a temporary file, which the next run
removes; a `ready` line whose file was not renamed, which is the same; a `ready` line whose file was renamed, which
the next run recognises by size and time, for renaming keeps both, and completes with a `done` line. A last line that
was cut off is closed and does not count.

A store that renames nothing has no `ready` lines. There, a `sent` line comes before the work on a picture, so that a
later run knows what was stored by one that was killed before the `done` line: it makes that anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from threading import Lock
from typing import Any

from pliant.apps.batch.lock import hold
from pliant.errors import InputError
from pliant.version import VERSION

NAME = ".pliant.jsonl"


@dataclass(frozen=True)
class Record:
    """A result: `source` and `result` are paths with slashes in their folders.

    `plan` stands for everything that decides what the result is. The source and the result are known by their bytes
    and their time of change, in ns.
    """

    source: str
    result: str
    plan: str
    source_bytes: int
    source_time: int
    bytes: int
    time: int

    def describes(self, path: Path) -> bool:
        """Whether the file at `path` is the very result, untouched."""
        found = _stat(path)
        return found is not None and (found.st_size, found.st_mtime_ns) == (self.bytes, self.time)


class Log:
    """The log in a file, open for appending. Writing is safe from several threads.

    Only what is about one folder of results counts, for one file may be the log of several. `runs` are the options of
    all runs there were, the last at the end. `done` has the records of finished results by
    the path of the result, `ready` those that were announced since, `fresh` the paths of those finished in the last
    run and those that it resumed, `sent` the paths of those that may have been stored since.
    """

    def __init__(self, path: Path, folder: Path | str) -> None:
        """Read what there is about `folder`, or about an URL.

        Raises InputError if the file cannot be read or written, and UsageError if another run writes it now.
        """
        self.path = path
        self._folder, self._counts = _from(path, folder), True
        self.runs: list[dict[str, Any]] = []
        self.done: dict[str, Record] = {}
        self.ready: dict[str, Record] = {}
        self.fresh: set[str] = set()
        self.sent: set[str] = set()
        self._lock = Lock()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
            hold(self._file, path)
            content = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"The log {path} cannot be written: {error.strerror}. Choose another with --log."
            ) from error
        if content and not content.endswith(b"\n"):
            self._append(b"\n")
        for line in _lines(content):
            self._remember(line)

    def begin(self, options: dict[str, object], resume: bool) -> None:
        """A run begins, or goes on."""
        self.write("run", resume=resume, folder=self._folder, options=options, version=VERSION)

    def write(self, event: str, **facts: object) -> None:
        """Append a line. Raises InputError if the disk is full."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = {"event": event, "at": now, **facts}
        self._append(json.dumps(line, separators=(",", ":"), default=str).encode() + b"\n")
        with self._lock:
            self._remember(line)

    def send(self, source: str, result: str) -> None:
        """The result will be stored where nothing is renamed."""
        self.write("sent", source=source, result=result)

    def announce(self, record: Record) -> None:
        """The result is complete in a temporary file, and will be renamed now."""
        self.write("ready", **asdict(record))

    def finish(self, record: Record, **facts: object) -> None:
        """The result is in its place."""
        self.write("done", **asdict(record), **facts)

    def recover(self, folder: Path) -> None:
        """Complete what a killed run has done in `folder` and could not put down any more."""
        for record in list(self.ready.values()):
            if record.describes(folder / record.result):
                self.finish(record, recovered=True)

    def close(self) -> None:
        """Nothing is written any more; a thread that still tries gets an InputError."""
        handle, self._file = self._file, -1
        os.close(handle)

    def _append(self, line: bytes) -> None:
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise InputError(f"The log {self.path} cannot be written: {error.strerror}.") from error
        if written < len(line):
            raise InputError(f"The log {self.path} cannot be written: the disk is full.")

    def _remember(self, line: dict[str, Any]) -> None:
        event = line.get("event")
        if event == "run":
            self._counts = line.get("folder") == self._folder
        if not self._counts:
            return
        if event == "run":
            self.runs.append(line.get("options", {}))
            if not line.get("resume"):
                self.fresh.clear()
        elif event == "sent":
            self.sent.add(str(line.get("result")))
        elif event in ("ready", "done") and (record := _record(line)) is not None:
            if event == "ready":
                self.ready[record.result] = record
                return
            self.ready.pop(record.result, None)
            self.sent.discard(record.result)
            self.done[record.result] = record
            self.fresh.add(record.result)


def _from(log: Path, folder: Path | str) -> str:
    """Where `folder` lies, seen from the log: both may be moved together."""
    if isinstance(folder, str):
        return folder
    try:
        return Path(os.path.relpath(folder.resolve(), log.resolve().parent)).as_posix()
    except ValueError:  # on different drives
        return folder.resolve().as_posix()


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    """Those that are JSON objects: one that a killed process left is not."""
    for text in content.split(b"\n"):
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line


def _record(line: dict[str, Any]) -> Record | None:
    try:
        return Record(**{field.name: line[field.name] for field in fields(Record)})
    except KeyError:
        return None


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
