"""The files of jobs: bodies that come, sources, results in the making, and results."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

PARTS = ("incoming", "sources", "making", "results")


class Files:
    """Four folders in `folder`; a file in `sources` or `results` is whole, and has the id of its job as its name."""

    def __init__(self, folder: Path) -> None:
        self.incoming, self._sources, self._making, self._results = (folder / part for part in PARTS)

    def create(self) -> None:
        """Make the folders, for the user of the server only. Raises OSError."""
        for part in (self.incoming, self._sources, self._making, self._results):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)

    def source(self, job: str) -> Path:
        """The picture as it came."""
        return self._sources / job

    def making(self, job: str) -> Path:
        """Where the result is written before it is announced."""
        return self._making / job

    def result(self, job: str) -> Path:
        """The result."""
        return self._results / job

    def keep(self, body: Path, job: str) -> None:
        """Let what came be the source of a job, also after a power cut. Raises OSError."""
        move(body, self.source(job))

    def complete(self, job: str) -> None:
        """Let what was made be the result, also after a power cut. Raises OSError."""
        move(self.making(job), self.result(job))

    def drop(self, job: str) -> None:
        """Remove everything of a job. Raises OSError."""
        for path in (self.source(job), self.making(job), self.result(job)):
            path.unlink(missing_ok=True)

    def clean(self, waiting: Container[str], done: Container[str]) -> None:
        """Remove what belongs to no job: sources of other than `waiting` ones, results of other than `done` ones."""
        for folder, kept in (
            (self.incoming, ()),
            (self._making, ()),
            (self._sources, waiting),
            (self._results, done),
        ):
            for path in folder.iterdir():
                if path.name not in kept:
                    path.unlink(missing_ok=True)


def move(path: Path, target: Path) -> None:
    """Rename a file when its bytes are on the disk, and return when its name is. Raises OSError."""
    synced(path)
    os.replace(path, target)
    synced(target.parent)


def synced(path: Path) -> None:
    """Return when a file, or the names in a folder, are on the disk. Raises OSError."""
    if os.name == "nt" and path.is_dir():  # Windows opens no folders
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
