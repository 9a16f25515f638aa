"""The last step of a picture: its result gets its place, and the log says so."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pliant.apps.batch.jobs import Job
from pliant.apps.batch.log import Log, Record


@dataclass(frozen=True)
class Made:
    """A result that is complete in the file `part`, with so many bytes and that time of change in ns.

    `part` lies beside the place of the result; None if the result is stored there already. Sizes are (width, height),
    `seconds` is how long it took, `notes` are sentences about how it was made.
    """

    job: Job
    part: Path | None
    bytes: int
    time: int
    source_size: tuple[int, int]
    size: tuple[int, int]
    seconds: float
    notes: tuple[str, ...]


Keep = Callable[[Made], None]


@dataclass(frozen=True)
class Keeper:
    """Puts results in their place, in the steps that `pliant.apps.batch.log` describes; safe from several threads.

    `key` is the digest of the options.
    """

    log: Log
    key: str

    def begin(self, jobs: Sequence[Job]) -> None:
        """Before results are stored where nothing is renamed. Raises InputError if the log cannot be written."""
        for job in jobs:
            self.log.send(job.name, job.result)

    def __call__(self, made: Made) -> None:
        """Raises OSError if the result cannot be put in its place, InputError if the log cannot be written."""
        job = made.job
        facts = (job.name, job.result, self.key, job.source_bytes, job.source_time)
        record = Record(*facts, made.bytes, made.time)
        if made.part is not None:
            self.log.announce(record)
            os.replace(made.part, job.path)
        shown = {"size": made.size, "source_size": made.source_size, "seconds": made.seconds, "notes": made.notes}
        self.log.finish(record, **shown)
