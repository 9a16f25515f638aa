"""What one worker of a cluster does: it loads the model once, and upscales portions of pictures that it is given."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from time import perf_counter

from pliant.apps.batch.jobs import Job
from pliant.apps.batch.keeping import Made
from pliant.apps.batch.leftovers import temporary
from pliant.apps.batch.outcome import Fault
from pliant.apps.batch.pipeline import Pipeline, Progress, limits_of
from pliant.apps.batch.stores import fetch, put
from pliant.apps.steps import Wish
from pliant.engines.base import Options, Source, find, opened
from pliant.errors import UsageError
from pliant.imaging.network import Network
from pliant.imaging.upscaling import Limits
from pliant.version import VERSION


@dataclass(frozen=True)
class Task:
    """One picture to upscale, its number among all, with paths that every worker understands.

    The picture is fetched from the URL `source` if there is one, the result stored under the URL `result` if there is.
    """

    number: int
    job: Job
    source: str | None = None
    result: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a task: a result that waits in a temporary file for its place, or a fault."""

    number: int
    found: Made | Fault


@dataclass(frozen=True)
class Answer:
    """One outcome for each task of a portion, in any order, and how long it took all in all."""

    outcomes: Sequence[Outcome]
    seconds: float


@dataclass(frozen=True)
class Setup:
    """All that a worker needs to know once; it may be on another machine, so the model travels with it.

    `engine` is the name of one, `threads` how many it computes with, `version` that of pliant where the run was begun.
    """

    version: str
    model: Source
    engine: str
    precision: str
    wish: Wish
    limits: Limits
    threads: int


class Worker:
    """One session with what belongs to it. Results are left in temporary files beside their places."""

    def __init__(self, setup: Setup) -> None:
        """Raises UsageError or InputError if this machine cannot do the work."""
        if setup.version != VERSION:
            raise UsageError(
                f"A worker has pliant {VERSION}, the run was begun with {setup.version}; install one version on all."
            )
        options = Options(setup.threads, precision=setup.precision)
        self._network = Network.of(opened(setup.model, find(setup.engine), options))
        self._wish = setup.wish
        self._limits = limits_of(setup.limits)

    def __call__(self, tasks: Sequence[Task]) -> Answer:
        """Do a portion; while one picture is computed, others are read and written."""
        started = perf_counter()
        with TemporaryDirectory(prefix="pliant-") as scratch, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as for a run on one machine
            portion = _Portion(tasks, Path(scratch))
            Pipeline(
                self._network,
                self._wish,
                self._limits,
                portion.keep,
                1,
                Progress(len(tasks), 1, _ignore, _ignore),
                portion.failed,
                part=unique,
                fetch=portion.fetch,
            ).run(portion.jobs)
        return Answer(portion.found, perf_counter() - started)


class _Portion:
    """Tasks with what has come of them; what travels by URL is in the folder `scratch` for a while."""

    def __init__(self, tasks: Sequence[Task], scratch: Path) -> None:
        self._tasks = {task.job.name: task for task in tasks}
        self._lock = Lock()
        self._scratch = scratch
        self.jobs = [self._here(task) for task in tasks]
        self.found: list[Outcome] = []

    def fetch(self, job: Job) -> None:
        """Bring the picture here. Raises PictureError."""
        if (url := self._tasks[job.name].source) is not None:
            fetch(url, job.source)

    def keep(self, made: Made) -> None:
        """A result is complete. Raises InputError if it cannot be stored."""
        task = self._tasks[made.job.name]
        if task.result is not None and made.part is not None:
            put(made.part, task.result)
            made.part.unlink()
            made = replace(made, part=None)
        self._add(task, replace(made, job=task.job))

    def failed(self, name: str, error: BaseException) -> None:
        """A picture cannot be upscaled."""
        task, fault = self._tasks[name], Fault.of(error)
        here = self._here(task)
        reason = fault.reason.replace(str(here.source), task.source) if task.source else fault.reason
        reason = reason.replace(str(here.path), task.result) if task.result else reason
        self._add(task, replace(fault, reason=reason))

    def _add(self, task: Task, found: Made | Fault) -> None:
        with self._lock:
            self.found.append(Outcome(task.number, found))

    def _here(self, task: Task) -> Job:
        job = task.job
        if task.source is not None:
            job = replace(job, source=self._scratch / f"{task.number}{job.source.suffix}")
        if task.result is not None:
            job = replace(job, path=self._scratch / "results" / f"{task.number}{job.path.suffix}")
        return job


def unique(path: Path) -> Path:
    """A temporary file for the result at `path` that no other attempt has.

    A worker that counts as lost may still be writing to its own.
    """
    usual = temporary(path)
    return usual.with_name(f"{usual.name}.{os.urandom(6).hex()}")


def _ignore(what: object) -> None:
    del what
