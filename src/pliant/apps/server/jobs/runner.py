"""Doing the jobs, in the order in which they came, and knowing how far each is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path

from fastapi.concurrency import run_in_threadpool
from prometheus_client import Counter, Gauge

from pliant.apps.server.access import LOGGER
from pliant.apps.server.jobs.here import Here
from pliant.apps.server.jobs.job import CANCELLED, DONE, ENDED, FAILED, QUEUED, RUNNING, Job, new_id
from pliant.apps.server.jobs.live import Live
from pliant.apps.server.jobs.store import CANNOT_WRITE, Store
from pliant.apps.server.making import Lost
from pliant.apps.server.problems import UNWRITABLE, Problem, is_any, problem_of
from pliant.apps.server.service import Service
from pliant.apps.server.settings import GIB
from pliant.apps.server.task import Made, foreseen
from pliant.apps.server.wishes import Asked
from pliant.apps.server.work import Stopped, Ticket

TRIES = 5  # times that a job is begun without an end that is known: it may be what the server dies of
SWEEP = 30.0  # seconds between looks for what has been kept long enough
HEARTBEAT = 15.0  # seconds without news, after which a client is told that the server is still there


class Runner:
    """The jobs of one server. Used from one event loop."""

    def __init__(self, service: Service, folder: Path) -> None:
        self._service, self._settings, self._folder = service, service.settings, folder
        self._maker = service.part.maker or Here(service)
        self._store: Store | None = None
        self._live: dict[str, Live] = {}  # those that have not ended, and those whose end could not be stored
        self._queue = asyncio.Queue[Live | None]()
        self._tasks: list[asyncio.Task[None]] = []
        self._adding, self._left = asyncio.Lock(), asyncio.Event()
        self._mean = 1.0  # seconds of a job, of late

    @property
    def store(self) -> Store:
        """What is on disk. Raises Problem (503) if the server has not started."""
        if self._store is None:
            raise Problem(503, "The server is not ready; try again soon.", {"Retry-After": "2"})
        return self._store

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return sum(live.job.state == QUEUED for live in self._live.values())

    async def start(self) -> None:
        """Take over what the last server left, and begin. Raises UsageError if the folder cannot be used."""
        self._store = await run_in_threadpool(Store, self._folder)
        registry = self._service.metrics.registry
        self._ended = Counter("pliant_jobs_ended", "Jobs that ended.", ("state",), registry=registry)
        Gauge("pliant_jobs_waiting", "Jobs that wait.", registry=registry).set_function(lambda: self.waiting)
        for job in await run_in_threadpool(self._store.waiting):
            self._enqueue(job)
        workers = (self._consume() for _ in range(self._maker.calls))
        self._tasks = [asyncio.create_task(task) for task in (*workers, self._sweep())]

    async def leave(self) -> None:
        """Put back what runs, end all `events`, and let another server have the folder."""
        self._left.set()
        for live in self._live.values():
            live.ticket.stop()
            live.tell()
        for _ in self._tasks:
            self._queue.put_nowait(None)
        await asyncio.gather(*self._tasks)
        if self._store is not None:
            await run_in_threadpool(self._store.close)

    async def check_room(self, body: int = 0) -> None:
        """Raise Problem if a job with a `body` of so many bytes would be one too many: 429, or 507 for the disk."""
        if self.waiting >= self._settings.jobs_queue:
            wait = max(1, ceil(self._mean / self._maker.calls))
            text = f"{self.waiting} jobs wait, which is the limit; try again in {wait} seconds."
            raise Problem(429, text, {"Retry-After": str(wait)})
        self._check_bytes(await run_in_threadpool(self.store.bytes) + body)

    async def add(self, body: Path, asked: Asked) -> Job:
        """A new job for the picture in `body`, a file in the store's `incoming`, which is on disk from now on.

        Raises Problem or PliantError if it cannot be done, or as `check_room`; then `body` is still there.
        """
        offered = await run_in_threadpool(self._service.models.get, asked.model)
        plan = await run_in_threadpool(foreseen, body, asked, offered, self._settings)
        asked = replace(asked, model=offered.name)  # the default may be another one tomorrow
        job = Job(new_id(), asked, plan.source, plan.result, plan.factor, time.time())
        async with self._adding:  # or several would take the last place
            await self.check_room(body.stat().st_size)
            await run_in_threadpool(self.store.add, job, body)
            self._enqueue(job)
        return job

    async def find(self, job: str) -> Job:
        """The job as it is now. Raises Problem (404)."""
        live = self._live.get(job)
        found = live.job if live is not None else await run_in_threadpool(self.store.find, job)
        if found is None:
            raise Problem(404, "There is no such job; it was deleted, or kept for as long as this server keeps jobs.")
        return found

    async def remove(self, job: str) -> None:
        """Stop the job and remove everything. Raises Problem: 404, or 507 if the disk cannot be written to."""
        await self.find(job)
        await run_in_threadpool(self.store.remove, job)
        live = self._live.pop(job, None)
        if live is not None:
            live.ticket.stop()
            live.change(state=CANCELLED)
            self._tell(live.job)

    async def events(self, job: str) -> AsyncGenerator[Job | None]:
        """The job now and whenever it has changed, until it has ended or the server leaves; None if nothing happens."""
        live = self._live.get(job)
        if live is None:
            yield await self.find(job)
            return
        last: Job | None = None
        while True:
            changed = live.changed  # before looking: nothing is missed in between
            if live.job != last:
                yield (last := live.job)
            elif self._left.is_set() or live.job.state in ENDED:
                return
            else:
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT)
                except asyncio.TimeoutError:
                    yield None

    def _enqueue(self, job: Job) -> None:
        live = self._live[job.id] = Live(job)
        self._queue.put_nowait(live)

    async def _consume(self) -> None:
        while True:
            live = await self._queue.get()
            if live is None or self._left.is_set():
                return
            if not live.ticket.stopped:
                await self._do(live)

    async def _do(self, live: Live) -> None:
        job = live.job.id
        try:
            done = await self._maker.run(partial(self._done, live), live.ticket)
        except Stopped:
            if not self._left.is_set():  # deleted
                await self._try(self.store.files.drop, job)
            elif live.job.state == RUNNING:
                await self._try(self.store.put_back, job)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs go on
            await self._failed(live, error)
        else:
            self._live.pop(job, None)
            live.change(state=DONE, progress=1.0, made=done.made, ended=done.ended)
            self._tell(live.job)

    def _done(self, live: Live, ticket: Ticket) -> Job:
        """The job when it is done; runs in a thread of a worker."""
        job, store = live.job, self.store
        live.begun()
        made = self._made(job, ticket)
        self._check_bytes(store.bytes() + made.path.stat().st_size)
        done = store.finish(job.id, made)
        if done is None:
            raise Stopped
        self._mean += 0.2 * (made.seconds - self._mean)
        return done

    def _made(self, job: Job, ticket: Ticket) -> Made:
        files = self.store.files
        while True:
            if self.store.begin(job.id) > TRIES:
                raise Problem(500, f"The server has ended {TRIES} times while it did this job, perhaps because of it.")
            try:
                return self._maker.make(files.source(job.id), job.asked, files.making(job.id), ticket)
            except Lost:
                LOGGER.warning("lost", extra={"facts": {"job": _short(job)}})
                ticket.step()

    def _check_bytes(self, used: int) -> None:
        if used > (most := self._settings.jobs_bytes):
            have = f"All jobs together would have {used / GIB:.3g} GiB on disk, but may have {most / GIB:.3g}"
            raise Problem(507, f"{have}; delete some, or wait until they have been kept long enough.")

    async def _failed(self, live: Live, error: Exception) -> None:
        problem = problem_of(error)
        if is_any(error, UNWRITABLE):
            problem = Problem(507, CANNOT_WRITE)
        if problem.status == 500:
            LOGGER.error("failed", exc_info=error, extra={"facts": {"job": _short(live.job)}})
        live.change(state=FAILED, problem=problem.as_json(), ended=time.time())
        self._tell(live.job)
        await self._store_end(live)

    async def _store_end(self, live: Live) -> None:
        """Put down that a job failed; where that is not possible it is known until the server ends, and tried again."""
        if await self._try(self.store.fail, live.job.id, live.job.problem, live.job.ended):
            self._live.pop(live.job.id, None)

    async def _try(self, do: Callable[..., object], *given: object) -> bool:
        """Whether the disk let it be done."""
        try:
            await run_in_threadpool(do, *given)
        except (Problem, OSError):
            LOGGER.warning("the folder for jobs cannot be written to", exc_info=True)
            return False
        return True

    async def _sweep(self) -> None:
        """Remove what was kept for long enough, and store what could not be stored, from time to time."""
        keep = self._settings.keep
        while not self._left.is_set():
            await self._try(self.store.remove_ended, time.time() - keep)
            for live in [live for live in self._live.values() if live.job.state == FAILED]:
                await self._store_end(live)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._left.wait(), min(SWEEP, keep / 2))

    def _tell(self, job: Job) -> None:
        self._ended.labels(job.state).inc()
        problem = {} if job.problem is None else {"status": job.problem["status"], "detail": job.problem["detail"]}
        LOGGER.info("job", extra={"facts": {"job": _short(job), "state": job.state, **problem}})


def _short(job: Job) -> str:
    """What tells one job from others in a log; the whole id is as good as a password."""
    return job.id[:8]
