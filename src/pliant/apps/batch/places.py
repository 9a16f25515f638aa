"""Where the pictures of a run lie and where its results go: what planning needs to know of either."""

from __future__ import annotations

import os
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pliant.apps.batch.find import Found
from pliant.apps.batch.leftovers import remove_leftovers
from pliant.errors import PictureError, PliantError
from pliant.media.read import read_size


@dataclass(frozen=True)
class Look:
    """What the head of a picture's file tells: the size (width, height) and Pillow's name of the format.

    `bytes` and `time` change when the file does. `same` is equal for one and the same file.
    """

    size: tuple[int, int]
    format: str
    bytes: int
    time: int
    same: Hashable


class Sources(Protocol):
    """Pictures by name: paths with slashes."""

    @property
    def found(self) -> Found:
        """Which there are."""
        ...

    def looks(self, names: Sequence[str]) -> Iterator[tuple[str, Look | Exception]]:
        """For each name in turn what its file tells, or why it cannot be read."""
        ...

    def path(self, name: str) -> Path:
        """The file; for messages alone if there is an URL."""
        ...

    def url(self, name: str) -> str | None:
        """Where to fetch it from; None for a file."""
        ...


class Results(Protocol):
    """Results by name: paths with slashes."""

    @property
    def folder(self) -> Path | None:
        """The folder of this machine that they go to, if it is one."""
        ...

    def path(self, result: str) -> Path:
        """The file; of what is stored under an URL, one of that name."""
        ...

    def url(self, result: str) -> str | None:
        """Where to store it; None for a file."""
        ...

    def bytes(self, result: str) -> int | None:
        """The bytes of what is there, None if there is nothing."""
        ...

    def taken(self, result: str, sources: Collection[Hashable]) -> bool:
        """Whether something is there. Raises PictureError if that can never be replaced; `sources` is from looks."""
        ...

    def tidy(self, results: Iterable[str]) -> None:
        """Remove what runs that were killed have left beside results."""
        ...


@dataclass(frozen=True)
class FolderSources:
    """Pictures in a folder of this machine."""

    found: Found

    def looks(self, names: Sequence[str]) -> Iterator[tuple[str, Look | Exception]]:
        """See `Sources.looks`."""
        for name in names:
            yield name, self._look(self.path(name))

    def path(self, name: str) -> Path:
        """See `Sources.path`."""
        return self.found.root / name

    def url(self, name: str) -> str | None:
        """There is none."""
        del name

    def _look(self, path: Path) -> Look | Exception:
        try:
            width, height, kind = read_size(path)
            status = path.stat()
        except (PliantError, OSError) as error:
            return error
        same = status.st_dev, status.st_ino
        return Look((width, height), kind, status.st_size, status.st_mtime_ns, same)


@dataclass(frozen=True)
class FolderResults:
    """Results in a folder of this machine."""

    folder: Path

    def path(self, result: str) -> Path:
        """See `Results.path`."""
        return self.folder / result

    def url(self, result: str) -> str | None:
        """There is none."""
        del result

    def bytes(self, result: str) -> int | None:
        """See `Results.bytes`."""
        try:
            return self.path(result).stat().st_size
        except OSError:
            return None

    def taken(self, result: str, sources: Collection[Hashable]) -> bool:
        """See `Results.taken`."""
        place = self.path(result)
        if place.is_dir():
            raise PictureError(f"{place} is a folder; move it away, or choose another folder for the results.")
        if not os.path.lexists(place):
            return False
        if place.exists() and (place.stat().st_dev, place.stat().st_ino) in sources:
            raise PictureError(f"{place} is one of the sources, which are never overwritten; choose another folder.")
        return True

    def tidy(self, results: Iterable[str]) -> None:
        """See `Results.tidy`."""
        for folder in {self.path(result).parent for result in results}:
            remove_leftovers(folder)
