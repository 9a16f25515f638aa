"""What one worker of a cluster does: it loads the model once, and upscales portions of pictures that it is given."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from pliant.apps.batch.jobs import Job
from pliant.apps.batch.keeping import Made
from pliant.apps.batch.outcome import Fault
from pliant.apps.batch.pipeline import Pipeline, Progress, limits_of, temporary
from pliant.apps.steps import Wish
from pliant.engines.base import Options, Source, find, opened
from pliant.errors import UsageError
from pliant.imaging.network import Network
from pliant.imaging.upscaling import Limits
from pliant.version import VERSION


@dataclass(frozen=True)
class Task:
    """One picture to upscale, its number among all, with paths that every worker understands."""

    number: int
    job: Job


@dataclass(frozen=True)
class Outcome:
    """What came of a task: a result that waits in a temporary file for its place, or a fault."""

    number: int
    found: Made | Fault


@dataclass(frozen=True)
class Setup:
    """All that a worker needs to know once; it may be on another machine, so the model travels with it.

    `engine` is the name of one, `threads` how many it computes with, `version` that of pliant where the run was begun.
    """

    model: Source
    engine: str
    precision: str
    wish: Wish
    limits: Limits
    threads: int
    version: str = VERSION


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

    def __call__(self, tasks: Sequence[Task]) -> list[Outcome]:
        """One outcome for each task, in any order; while one picture is computed, others are read and written."""
        numbers, lock = {task.job.name: task.number for task in tasks}, Lock()
        found: list[Outcome] = []

        def keep(made: Made) -> None:
            with lock:
                found.append(Outcome(numbers[made.job.name], made))

        def failed(name: str, error: BaseException) -> None:
            with lock:
                found.append(Outcome(numbers[name], Fault.of(error)))

        progress = Progress(len(tasks), 1, _ignore, _ignore)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as for a run on one machine
            Pipeline(self._network, self._wish, self._limits, keep, 1, progress, failed, part=unique).run(
                [task.job for task in tasks]
            )
        return found


def unique(path: Path) -> Path:
    """A temporary file for the result at `path` that no other attempt has.

    A worker that counts as lost may still be writing to its own.
    """
    usual = temporary(path)
    return usual.with_name(f"{usual.name}.{os.urandom(6).hex()}")


def _ignore(what: object) -> None:
    del what
