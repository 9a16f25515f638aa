"""Pictures on their way: some are read, some are in the network and some are written, all at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from time import perf_counter

from pliant.apps.batch.channel import Abandoned, Budget, Channel, Stopped
from pliant.apps.batch.jobs import Failed, Job
from pliant.apps.batch.keeping import Keep, Made
from pliant.apps.batch.leftovers import temporary
from pliant.apps.steps import Wish, computed, decoded, written
from pliant.errors import InputError
from pliant.imaging.memory import resident
from pliant.imaging.network import Network
from pliant.imaging.sizes import Plan
from pliant.imaging.upscaling import Limits, Work
from pliant.media.picture import Picture
from pliant.media.strips import streamed

BYTES = 256 << 20  # of pixels on their way, unless the memory is limited
SHARE = 4  # of a limited memory, one part of so many
ROWS = 512  # of a result that is written strip by strip are in memory

Decoded = tuple[Picture, Plan]


@dataclass
class Progress:
    """How far a run is. `report` gets "37/300, 4.2/s", `advance` the share of the pixels that are computed."""

    total: int
    pixels: int
    report: Callable[[str], None]
    advance: Callable[[float], None]
    done: int = 0
    computed: int = 0
    notes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    started: float = field(default_factory=perf_counter)

    @property
    def speed(self) -> float:
        """Pictures per second."""
        return self.done / max(1e-9, perf_counter() - self.started)

    def count(self, name: str, notes: Sequence[str]) -> None:
        """One more picture is done, about which there are `notes`."""
        self.done += 1
        for note in notes:
            self.notes.setdefault(note, []).append(name)

    def tell(self, share: float = 0.0, pixels: int = 0) -> None:
        """Show it; `share` is the part that is computed of a picture of so many pixels."""
        self.report(f"{self.done}/{self.total}, {per_second(self.speed)}/s")
        self.advance((self.computed + share * pixels) / max(1, self.pixels))


@dataclass
class Pipeline:
    """Upscales pictures, each whole or not at all.

    `keep` is given each result when its temporary file is complete; `part` says where that is. `failed` is told of each
    picture that could not be upscaled. `fetch` is called before the source of a job is read. All are called from any
    thread. `calls` pictures are in the network at the same time, which is for as many (`Network.several`).
    """

    network: Network
    wish: Wish
    limits: Limits
    keep: Keep
    workers: int
    progress: Progress
    failed: Failed
    part: Callable[[Path], Path] = temporary
    fetch: Callable[[Job], None] = lambda job: None
    calls: int = 1

    def __post_init__(self) -> None:
        self._budget = Budget(_on_their_way(self.limits), 4 * self.workers + self.calls)
        self._limits = limits_of(self.limits)
        self._reading: deque[tuple[Job, Future[Decoded]]] = deque()
        self._computing: deque[Future[None]] = deque()
        self._writing: deque[Future[None]] = deque()
        self._lock = Lock()

    def run(self, jobs: Sequence[Job]) -> None:
        """Do all of them, in their order. An exception, KeyboardInterrupt among them, leaves no file half written.

        Raises InputError if the log cannot be written.
        """
        waiting = deque(jobs)
        readers, writers, computers = (ThreadPoolExecutor(n) for n in (self.workers, self.workers, self.calls))
        with readers, writers, computers:  # ended from the last to the first: computers wait for no writer that is gone
            try:
                while waiting or self._reading:
                    self._read_ahead(readers, waiting)
                    self._begin(computers, writers, *self._reading.popleft())
                    self._settle(wait=False)
                while self._computing:
                    self._computing.popleft().result()
                self._settle(wait=True)
            finally:
                for future in (*(reading for _, reading in self._reading), *self._computing):
                    future.cancel()

    def _read_ahead(self, readers: ThreadPoolExecutor, waiting: deque[Job]) -> None:
        while waiting and len(self._reading) <= self.workers:
            if not self._budget.take(_weight(waiting[0]), wait=not self._reading):
                break
            job = waiting.popleft()
            self._reading.append((job, readers.submit(self._decoded, job)))

    def _decoded(self, job: Job) -> Decoded:
        self.fetch(job)
        return decoded(self.network, job.source, job.plan, self.wish, job.path.parent, job.target)

    def _begin(
        self, computers: ThreadPoolExecutor, writers: ThreadPoolExecutor, job: Job, reading: Future[Decoded]
    ) -> None:
        """Compute one picture, or begin to; one more waits than there are computed, so that no thread is idle."""
        if self.calls == 1:
            self._compute(writers, job, reading)
            return
        self._computing.append(computers.submit(self._compute, writers, job, reading))
        if len(self._computing) > self.calls:
            self._computing.popleft().result()

    def _compute(self, writers: ThreadPoolExecutor, job: Job, reading: Future[Decoded]) -> None:
        started, pixels = perf_counter(), _pixels(job)
        try:
            picture, planned = reading.result()
        except Exception as error:  # noqa: BLE001 - of one picture: put down in the log with where it comes from
            self._budget.give_back(_weight(job))
            self.failed(job.name, error)
            self._count(pixels)
            return
        channel = Channel()
        work = Work(
            self.network, planned, self._limits, lambda share: self.progress.tell(share, pixels), alpha=self.wish.alpha
        )
        try:
            self._writing.append(writers.submit(self._written, job, picture, planned, channel, started))
            for piece in computed(picture, work, job.target):
                channel.put(piece)
            channel.close(work.notes)
        except Abandoned:
            pass  # its writer has said why
        except Exception as error:  # noqa: BLE001 - its writer puts it down
            channel.fail(error)
        except BaseException:
            channel.fail(Stopped())
            raise
        self._count(pixels)

    def _count(self, pixels: int) -> None:
        """So many pixels more are computed."""
        with self._lock:
            self.progress.computed += pixels

    def _settle(self, wait: bool) -> None:
        """Raise what keeps the run from going on, such as a log that cannot be written."""
        while self._writing and (wait or self._writing[0].done()):
            self._writing.popleft().result()
            self.progress.tell()

    def _written(self, job: Job, picture: Picture, planned: Plan, channel: Channel, started: float) -> None:
        try:
            self._write(job, picture, planned, channel, started)
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - as above
            self.failed(job.name, error)
        finally:
            channel.give_up()
            self._budget.give_back(_weight(job))

    def _write(self, job: Job, picture: Picture, planned: Plan, channel: Channel, started: float) -> None:
        part = self.part(job.path)
        with _removed_on_failure(part, job.path):
            job.path.parent.mkdir(parents=True, exist_ok=True)
            lost = written(picture, channel, planned, part, job.target, _ignore)
            found, seconds = part.stat(), round(perf_counter() - started, 3)
            notes = (*picture.notes, *planned.notes, *channel.notes, *lost)
            self.keep(Made(job, part, found.st_size, found.st_mtime_ns, planned.source, planned.result, seconds, notes))
        with self._lock:
            self.progress.count(job.name, notes)


@contextmanager
def _removed_on_failure(part: Path, path: Path) -> Generator[None, None, None]:
    """Within the block `part` becomes `path`, or is removed; what goes wrong is about `path`, which a user knows."""
    try:
        yield
    except BaseException as error:
        with suppress(OSError):  # there may not even be a folder for it
            part.unlink()
        if isinstance(error, OSError):
            raise InputError(f"{path} cannot be written: {error.strerror}.") from error
        if isinstance(error, InputError):
            raise type(error)(str(error).replace(str(part), str(path))) from error
        raise


def limits_of(limits: Limits) -> Limits:
    """The same limits, knowing what is in use now and what pictures on their way may take; unchanged if they do."""
    if limits.before is not None:
        return limits
    return replace(limits, before=(resident() or 0) + _on_their_way(limits))


def _on_their_way(limits: Limits) -> int:
    return BYTES if limits.memory is None else limits.memory // SHARE


def per_second(speed: float) -> str:
    """A number of pictures per second, short but never 0 where there are some."""
    return f"{speed:.1f}" if speed >= 1 else f"{speed:.2g}"


def _weight(job: Job) -> int:
    """About the bytes of a picture on its way: source and result, and the file of the result."""
    source, (width, height) = job.plan.source, job.plan.result
    rows = min(height, ROWS) if streamed(job.target, job.plan.result) else 2 * height
    return 4 * (source[0] * source[1] + width * rows)


def _pixels(job: Job) -> int:
    return job.plan.computed[0] * job.plan.computed[1]


def _ignore(what: object) -> None:
    del what
