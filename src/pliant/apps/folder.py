"""Upscale all pictures of a folder."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from pliant.apps.batch.find import Found
from pliant.apps.batch.jobs import Job, Planner, checked, digest, options
from pliant.apps.batch.keeping import Keeper
from pliant.apps.batch.lock import alone
from pliant.apps.batch.log import Log
from pliant.apps.batch.outcome import Failure, Failures, counted_notes, renamed_note
from pliant.apps.batch.pipeline import Pipeline, Progress
from pliant.apps.batch.places import Look, Sources
from pliant.apps.batch.stores import is_url
from pliant.apps.ends import Choice, Ends, Many, Target, origin, target
from pliant.apps.loading import Way as LoadingWay
from pliant.apps.loading import loaded, portable, work_of
from pliant.apps.steps import PathLike, Sides, Wish
from pliant.choosing.choice import Work
from pliant.cores import usual_calls
from pliant.engines.base import Session
from pliant.errors import PictureError, UsageError
from pliant.imaging.network import Network
from pliant.imaging.upscaling import Limits, side_by_side
from pliant.version import VERSION

SOME = 24  # pictures whose sizes stand for all, before it is known what is to be done with them
SEVERAL = 4  # pictures for each call, from which it is worth opening the model for several


Way = Callable[[Sequence[Job], Ends, Keeper, Progress, Failures], None]  # how all pictures are upscaled and kept


@dataclass(frozen=True)
class Summary:
    """What was done with the pictures of a folder.

    `done` were upscaled now, `skipped` were done before and are up to date. `ignored` counts files that are no pictures
    by their suffix, or hidden. `notes` are sentences about what could not be kept, each with the pictures it is about.
    `seconds` counts everything, `pictures_per_second` is that of the upscaling alone. An URL is a text, not a path.
    """

    source: Path | str
    destination: Path | str
    log: Path
    model: str
    engine: str
    done: int
    skipped: int
    failed: tuple[Failure, ...]
    ignored: int
    seconds: float
    pictures_per_second: float
    notes: tuple[str, ...]


def upscale_folder(
    source: Many,
    destination: PathLike | None = None,
    factor: float | None = None,
    *,
    size: Sides | None = None,
    model: PathLike | Session | None = None,
    engine: str = "auto",
    precision: str | None = None,
    max_error: float | None = None,
    format: str | None = None,  # noqa: A002 - as in `upscale`
    memory: int | None = None,
    tile: int | None = None,
    alpha: str = "network",
    strip: bool = False,
    patterns: Sequence[str] = (),
    recursive: bool = True,
    resume: bool = False,
    overwrite: bool = False,
    log: PathLike | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    report: Callable[[str], None] | None = None,
    advance: Callable[[float], None] | None = None,
) -> Summary:
    """Upscale the pictures in the folder `source`, into the same tree of folders in `destination`.

    Each result is written whole or not at all, and a picture that fails does not stop the others. Pictures whose result
    is there, made with the same options of a source that has not changed since, are skipped; how that is known, and why
    a run may be killed at any moment, is said in `pliant.apps.batch.log`. Pictures are read and written while others
    are computed. A file that pliant did not write is never replaced, unless `overwrite` says so, and a source never.

    Args:
        source: a folder, or a pattern such as "photos/**/*.jpg". With `cluster` also the URL of a folder in an object
            store, a text file with the URL of one picture a line, or a sequence of such URLs; names are then paths
            below the folder, or for lists the URLs without the scheme.
        destination: a folder, made if it is missing; beside the source with the factor or size behind its name if None.
            With `cluster` also an URL below which results are stored; `log` has to be given then.
        factor: as for `upscale`, for every picture, and so are `size`, `model`, `engine`, `precision`,
            `max_error`, `format`, `tile`, `alpha` and `strip`.
        memory: bytes that the process may use; pictures that wait get a quarter of it.
        patterns: which pictures of the folder, by name ("*.jpg") or by path in it ("2024/**/*.png"); all if empty.
            Upper and lower case count as equal.
        recursive: subfolders too. Links to folders are not followed, hidden files and folders are left out.
        resume: go on with the last run, which has to have had the same options. Only with `overwrite` more than a
            check: what that run has done is kept.
        overwrite: make all results anew, and replace files that pliant did not make.
        log: a file of JSON lines that grows with every run; `.pliant.jsonl` in `destination` if None. What is done is
            known from it.
        workers: threads that read, and as many that write; the number of cores, at most 4, if None. With `cluster`,
            processes that upscale, each with a share of the cores and its own `memory`; as many as cores if None.
        cluster: "auto" or the address of a cluster whose workers see the same folders under the same paths; see
            docs/scale.md. This process alone if None. Results, log and what is skipped are the same.
        report: called with a few words: the step, then "37/300, 4.2/s".
        advance: called with the share of the pixels that is done, from 0 to 1.

    Raises:
        UsageError: there is no such folder, no picture in it, nothing to resume, or the options make no sense.
        ContractError: the model does not take this factor.
        InputError: the model or the log cannot be used.
        PictureError: there is no place for the destination.
        ClusterError: the workers of the cluster cannot begin.
    """
    started = perf_counter()
    tell = report or _ignore
    if workers is not None and workers < 1:
        raise UsageError(f"Got {workers} workers; give 1 or more.")
    if cluster is None and (not isinstance(source, (str, os.PathLike)) or is_url(source) or is_url(destination)):
        raise UsageError("Lists and URLs are for clusters, of which one is on every machine: add --cluster auto.")
    there = None if cluster is None else _there(cluster, model)
    tell("looking for pictures")
    start = origin(source, Choice(patterns, recursive), destination, cluster is not None)
    found = start.sources.found
    tell("loading the model")
    amount = _amount(start.sources, factor, size)
    with loaded(model, LoadingWay(engine, precision, max_error), amount, tell, figures=True) as (session, name):
        network = Network.of(session)
        wish = checked(Wish(factor, size, format, alpha, strip), network)
        end = target(start, destination, log, wish, resume)
        with _held(end), closing(Log(end.log, end.results.folder or str(end.title))) as kept:
            if end.results.folder is not None:
                kept.recover(end.results.folder)
            deciding = options(network, wish)
            if engine == "auto" and session.precision == "f32":
                deciding = _as_before(deciding, kept)
            _begin(kept, {**deciding, **start.scope, "overwrite": overwrite}, resume)
            limits = Limits(memory, tile)
            way = _here(network, wish, limits, workers) if there is None else there(session, wish, limits, workers)
            run = _Run(network, wish, digest(deciding), kept, Ends(start.sources, end.results), overwrite, way)
            run.do(tell, advance or _ignore)
            return Summary(
                source=start.title,
                destination=end.title,
                log=end.log,
                model=name,
                engine=session.engine,
                done=run.done,
                skipped=run.skipped,
                failed=run.failures.sorted(),
                ignored=found.ignored,
                seconds=perf_counter() - started,
                pictures_per_second=run.speed,
                notes=(*found.notes, *session.notes, *run.notes),
            )


class _Run:
    """One run over many pictures. `notes` are sentences, `speed` is in pictures per second."""

    def __init__(self, network: Network, wish: Wish, key: str, log: Log, ends: Ends, overwrite: bool, way: Way) -> None:
        self._network, self._wish, self._key, self._log = network, wish, key, log
        self._ends, self._overwrite, self._way = ends, overwrite, way
        self.failures = Failures(log)
        self.notes: list[str] = []
        self.done = self.skipped = 0
        self.speed = 0.0

    def do(self, tell: Callable[[str], None], advance: Callable[[float], None]) -> None:
        """Everything, from a look at the pictures to the last line of the log."""
        found, results = self._ends.sources.found, self._ends.results
        for folder, why in found.unreadable:
            self.failures(folder, PictureError(why))
        tell("looking at the pictures")
        jobs = self._planned(found)
        pixels = sum(job.plan.computed[0] * job.plan.computed[1] for job in jobs)
        progress, keeper = Progress(len(jobs), pixels, tell, advance), Keeper(self._log, self._key)
        if results.folder is None:
            keeper.begin(jobs)
        with warnings.catch_warnings():
            # readers change the filters, which belong to all threads: here they are put back when all have ended
            warnings.simplefilter("ignore")
            self._way(jobs, self._ends, keeper, progress, self.failures)
        self.done = progress.done
        self.speed = progress.speed
        self.notes += counted_notes(progress.notes)
        self._log.write("end", done=self.done, skipped=self.skipped, failed=len(self.failures.found))

    def _planned(self, found: Found) -> list[Job]:
        ends = self._ends
        planner = Planner(
            self._network,
            self._wish,
            self._key,
            self._log,
            ends.sources,
            ends.results,
            self._overwrite,
            self.failures,
        )
        jobs = planner.jobs(found.pictures)
        ends.results.tidy([*self._log.done, *(job.result for job in jobs)])
        self.skipped = planner.skipped
        self.notes += renamed_note(planner.renamed)
        return jobs


def _here(network: Network, wish: Wish, limits: Limits, workers: int | None) -> Way:
    """Pictures are upscaled by this process."""
    count = usual_calls() if workers is None else workers

    def run(jobs: Sequence[Job], ends: Ends, keeper: Keeper, progress: Progress, failures: Failures) -> None:
        del ends
        calls = _calls(jobs, limits)
        Pipeline(network.several(calls), wish, limits, keeper, count, progress, failures, calls=calls).run(jobs)

    return run


def _calls(jobs: Sequence[Job], limits: Limits) -> int:
    """How many pictures are computed at the same time: several where there are many, and all are small."""
    calls = usual_calls()
    largest = max((width * height for width, height in (job.plan.computed for job in jobs)), default=0)
    free = limits.memory is None and limits.tile is None
    return calls if free and len(jobs) >= SEVERAL * calls and side_by_side(largest, calls) else 1


def _there(cluster: str, model: PathLike | Session | None) -> Callable[[Session, Wish, Limits, int | None], Way]:
    """Pictures are upscaled by a cluster. Raises UsageError if there is none."""
    from pliant.apps.batch.worker import Setup
    from pliant.apps.clusters.base import find as find_cluster
    from pliant.apps.spread import Spread

    if isinstance(model, Session):
        raise UsageError("A session stays in its process; with cluster=, give the ONNX file or the name of the model.")
    place = find_cluster(cluster)

    def way(session: Session, wish: Wish, limits: Limits, workers: int | None) -> Way:
        source, precision = portable(model, session)

        def run(jobs: Sequence[Job], ends: Ends, keeper: Keeper, progress: Progress, failures: Failures) -> None:
            setup = partial(Setup, VERSION, source, session.engine, precision, wish, limits)
            Spread(place, workers, setup, ends.sources, ends.results, keeper, progress, failures).run(jobs)

        return run

    return way


def _as_before(deciding: dict[str, object], log: Log) -> dict[str, object]:
    """The options of the last run, if only the engine was another: in f32 the fastest one gives the same pictures."""
    last = log.runs[-1] if log.runs else {}
    same = all(last.get(name) == value for name, value in deciding.items() if name != "engine")
    return {**deciding, "engine": last["engine"]} if last and same else deciding


def _amount(sources: Sources, factor: float | None, size: Sides | None) -> Work:
    """The work that the pictures make, from the sizes of some of them."""
    names = sources.found.pictures
    some = names[:: max(1, len(names) // SOME)]
    # what is wrong with a picture is said when its turn comes
    sizes = [look.size for _, look in sources.looks(some) if isinstance(look, Look)]
    return work_of(sizes, factor, size, len(names) / max(1, len(some)))


def _held(end: Target) -> AbstractContextManager[None]:
    """Nobody else writes to the folder; who writes the log is held anyway."""
    return nullcontext() if end.results.folder is None else alone(end.results.folder)


def _begin(log: Log, chosen: dict[str, object], resume: bool) -> None:
    """Put down the options of a run. Raises UsageError if it resumes one that had others."""
    if resume:
        if not log.runs:
            raise UsageError(f"There is nothing to resume: {log.path} names no run; leave out --resume.")
        last = log.runs[-1]
        others = [
            f"{name} was {last.get(name)!r} and is {chosen[name]!r}"
            for name in chosen
            if last.get(name) != chosen[name]
        ]
        if others:
            raise UsageError(
                f"The run to resume had other options: {', '.join(others)}. Give the same ones, or leave out --resume."
            )
    log.begin(chosen, resume)


def _ignore(what: object) -> None:
    del what
