"""A folder upscaled by the workers of a cluster: they make the results, and only this process puts them in place.

So the log has one writer, and each result is put down once, however often a lost worker's pictures are done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import perf_counter

from pliant.apps.batch.jobs import Job
from pliant.apps.batch.keeping import Keep, Made
from pliant.apps.batch.outcome import Failures, Fault
from pliant.apps.batch.pipeline import Progress
from pliant.apps.batch.places import Results, Sources
from pliant.apps.batch.worker import Outcome, Setup, Task
from pliant.apps.clusters.base import Place, Portion, Wanted, Workers
from pliant.errors import InputError, PliantError

PICTURES, PIXELS = 32, 8_000_000  # of a portion, at most: some seconds of work, which are lost with a worker
ROUNDS = 4  # portions that each worker gets of what is left, at least, so that all end at about the same time
LOST = (
    "Every worker that tried it was lost; perhaps there was not enough memory. Give fewer --workers, or --memory, and "
    "look at the logs of the cluster."
)


@dataclass
class Spread:
    """Gives pictures to workers, keeps what they make, and counts it in `progress`.

    `setup` is made for a number of threads.
    """

    place: Place
    workers: int | None
    setup: Callable[[int], Setup]
    sources: Sources
    results: Results
    keep: Keep
    progress: Progress
    failures: Failures

    def run(self, jobs: Sequence[Job]) -> None:
        """Do all of them. Raises ClusterError if no worker can begin, InputError if the log cannot be written.

        However this ends, nothing half written is left.
        """
        if not jobs:
            return
        self._jobs, self._hand = jobs, ThreadPoolExecutor(1)
        tasks = [self._task(k, job) for k, job in enumerate(jobs)]
        self.progress.report("starting the workers")
        try:
            # Ctrl-C is raised in this thread: what the other one does is done before this is over
            with self._hand, self.place.open(Wanted(self.workers, len(jobs))) as crew:
                left = self._all(crew, self.setup(crew.threads), tasks)
            for task in left:
                self.failures.add(task.job.name, Fault(LOST))
        finally:
            self.results.tidy(job.result for job in jobs)

    def _task(self, number: int, job: Job) -> Task:
        """With paths that do not depend on the folder that a process is in."""
        source, result = self.sources.url(job.name), self.results.url(job.result)
        here = replace(job, source=job.source.absolute(), path=job.path.absolute())
        return Task(number, here, source, result)

    def _all(self, crew: Workers, setup: Setup, tasks: Sequence[Task]) -> Sequence[Task]:
        """Those that are lost however often they are tried: first with others, then alone as long as any succeeds."""
        left = self._round(crew, setup, tasks, portions(tasks, crew.count))
        tried = len(left) + 1
        while 0 < len(left) < tried:
            tried = len(left)
            left = self._round(crew, setup, left, [[task] for task in left])
        return left

    def _round(self, crew: Workers, setup: Setup, tasks: Sequence[Task], cut: Sequence[Portion]) -> list[Task]:
        """Those of which nothing has come, for their workers were lost."""
        left, begun = {task.number: task for task in tasks}, self.progress.done > 0
        for answer in crew.answers(setup, cut):
            if not begun:  # loading is over; what is done already took so long
                self.progress.started, begun = perf_counter() - answer.seconds, True
            for outcome in answer.outcomes:
                if left.pop(outcome.number, None) is not None:
                    self._settle(outcome)
        return list(left.values())

    def _settle(self, outcome: Outcome) -> None:
        job, found = self._jobs[outcome.number], outcome.found
        if isinstance(found, Fault):
            self.failures.add(job.name, replace(found, reason=_named(found.reason, job)))
        else:
            self._keep(replace(found, job=job))
        self.progress.computed += job.plan.computed[0] * job.plan.computed[1]
        self.progress.tell()

    def _keep(self, made: Made) -> None:
        try:
            self._hand.submit(self.keep, made).result()
        except Exception as error:  # noqa: BLE001 - of one picture: put down in the log with where it comes from
            if made.part is not None:
                made.part.unlink(missing_ok=True)
            self.failures(made.job.name, _unwritten(made.job, error))
        else:
            self.progress.count(made.job.name, made.notes)


def portions(tasks: Sequence[Task], workers: int) -> list[Portion]:
    """Tasks one after the other, in portions that become smaller to the end."""
    return list(_portions(tasks, workers))


def _portions(tasks: Sequence[Task], workers: int) -> Iterator[Portion]:
    rest = sum(_pixels(task) for task in tasks)
    taken: list[Task] = []
    pixels = 0
    for k, task in enumerate(tasks):
        taken.append(task)
        pixels += _pixels(task)
        share = ROUNDS * workers
        if len(taken) >= min(PICTURES, (len(tasks) - k) / share) or pixels >= min(PIXELS, rest / share):
            yield taken
            rest, pixels, taken = rest - pixels, 0, []
    if taken:
        yield taken


def _named(reason: str, job: Job) -> str:
    """A sentence of a worker with the paths that the user has given."""
    for path in (job.source, job.path, job.path.parent):
        reason = reason.replace(str(path.absolute()), str(path))
    return reason


def _unwritten(job: Job, error: Exception) -> Exception:
    if isinstance(error, OSError) and not isinstance(error, PliantError):
        return InputError(f"{job.path} cannot be written: {error.strerror}.")
    return error


def _pixels(task: Task) -> int:
    return task.job.plan.computed[0] * task.job.plan.computed[1]
