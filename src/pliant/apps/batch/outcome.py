"""What came of a run: failures in sentences, and notes of many pictures put together."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from pliant.apps.batch.log import Log
from pliant.errors import PliantError

SHOWN = 3  # examples in a note; the log has all


@dataclass(frozen=True)
class Failure:
    """A picture, or a folder, by its path in the source, and why it could not be done, in sentences."""

    source: str
    reason: str


@dataclass(frozen=True)
class Fault:
    """Why a picture could not be done, in sentences; with the `traceback` of what is a defect. It can be pickled."""

    reason: str
    traceback: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Fault:
        """What is to be said about an error."""
        expected = isinstance(error, (PliantError, MemoryError, OSError))
        return cls(sentence(error), None if expected else "".join(traceback.format_exception(error)))


@dataclass
class Failures:
    """Collects failures from several threads, and puts them down in the log."""

    log: Log
    found: list[Failure] = field(default_factory=list[Failure])
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, name: str, error: BaseException) -> None:
        """One more. Raises InputError if the log cannot be written."""
        self.add(name, Fault.of(error))

    def add(self, name: str, fault: Fault) -> None:
        """As if it were called with the error."""
        where = {"traceback": fault.traceback} if fault.traceback else {}
        self.log.write("failed", source=name, reason=fault.reason, **where)
        with self._lock:
            self.found.append(Failure(name, fault.reason))

    def sorted(self) -> tuple[Failure, ...]:
        """By the path of the source."""
        return tuple(sorted(self.found, key=lambda failure: failure.source))


def sentence(error: BaseException) -> str:
    """Why a picture could not be done; what is no error raised on purpose is a defect, and is called one."""
    if isinstance(error, PliantError):
        return " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return "There is not enough memory for this picture; close other programs, or give --memory."
    if isinstance(error, OSError):
        return f"It cannot be read: {error.strerror or error}."
    return f"{type(error).__name__}: {error}. This is a defect of pliant; please report it with the line of the log."


def renamed_note(renamed: Sequence[tuple[str, str]]) -> list[str]:
    """At most one sentence on results that are called otherwise, given as (source, result)."""
    if not renamed:
        return []
    some = ", ".join(f"{source} becomes {result}" for source, result in renamed[:SHOWN])
    rest = f", and {len(renamed) - SHOWN} more" if len(renamed) > SHOWN else ""
    return [f"Where results would have had the same name, suffixes of the sources were added: {some}{rest}."]


def counted_notes(notes: Mapping[str, Sequence[str]]) -> list[str]:
    """Each sentence once, with the pictures that it is about."""
    return [
        f"{names[0]}: {note}" if len(names) == 1 else f"{len(names)} pictures, {min(names)} among them: {note}"
        for note, names in sorted(notes.items())
    ]
