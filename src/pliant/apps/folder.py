"""Upscale all pictures of a folder."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from pliant.apps.batch.find import Found, find, split
from pliant.apps.batch.jobs import Job, Planner, checked, digest, options
from pliant.apps.batch.keeping import Keeper
from pliant.apps.batch.lock import alone
from pliant.apps.batch.log import NAME, Log
from pliant.apps.batch.outcome import Failure, Failures, counted_notes, renamed_note
from pliant.apps.batch.pipeline import Pipeline, Progress, remove_leftovers
from pliant.apps.loading import Way as LoadingWay
from pliant.apps.loading import loaded, portable, work_of
from pliant.apps.steps import PathLike, Sides, Wish
from pliant.choosing.choice import Work
from pliant.engines.base import Session
from pliant.errors import PictureError, UsageError
from pliant.imaging.network import Network
from pliant.imaging.upscaling import Limits
from pliant.media.formats import SUFFIXES
from pliant.media.read import read_size

SOME = 24  # pictures whose sizes stand for all, before it is known what is to be done with them
WORKERS = 4  # at most, without being asked for

Way = Callable[[Sequence[Job], Keeper, Progress, Failures], None]  # how all pictures are upscaled and kept


@dataclass(frozen=True)
class Summary:
    """What was done with the pictures of a folder.

    `done` were upscaled now, `skipped` were done before and are up to date. `ignored` counts files that are no pictures
    by their suffix, or hidden. `notes` are sentences about what could not be kept, each with the pictures it is about.
    `seconds` counts everything, `pictures_per_second` is that of the upscaling alone.
    """

    source: Path
    destination: Path
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
    source: PathLike,
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
        source: a folder, or a pattern such as "photos/**/*.jpg".
        destination: a folder, made if it is missing; beside the source with the factor or size behind its name if None.
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
    there = None if cluster is None else _there(cluster, model)
    root, whole = split(source)
    wanted = Path(destination) if destination is not None else None
    tell("looking for pictures")
    found = _found(root, whole, patterns, recursive, wanted)
    tell("loading the model")
    amount = _amount(found, factor, size)
    with loaded(model, LoadingWay(engine, precision, max_error), amount, tell, figures=True) as (session, name):
        network = Network.of(session)
        wish = checked(Wish(factor, size, format, alpha, strip), network)
        folder = wanted or _beside(root, wish)
        place = Path(log) if log is not None else folder / NAME
        _prepare(folder, place, resume)
        with alone(folder), closing(Log(place, folder)) as kept:
            kept.recover(folder)
            deciding = options(network, wish)
            if engine == "auto" and session.precision == "f32":
                deciding = _as_before(deciding, kept)
            _begin(kept, {**deciding, **_scope(root, whole, patterns, recursive, overwrite)}, resume)
            limits = Limits(memory, tile)
            way = _here(network, wish, limits, workers) if there is None else there(session, wish, limits, workers)
            run = _Run(network, wish, digest(deciding), kept, folder, overwrite, way)
            run.do(found, tell, advance or _ignore)
            return Summary(
                source=root,
                destination=folder,
                log=place,
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
    """One run over a folder. `notes` are sentences, `speed` is in pictures per second."""

    def __init__(
        self,
        network: Network,
        wish: Wish,
        key: str,
        log: Log,
        destination: Path,
        overwrite: bool,
        way: Way,
    ) -> None:
        self._network, self._wish, self._key, self._log = network, wish, key, log
        self._destination, self._overwrite, self._way = destination, overwrite, way
        self.failures = Failures(log)
        self.notes: list[str] = []
        self.done = self.skipped = 0
        self.speed = 0.0

    def do(self, found: Found, tell: Callable[[str], None], advance: Callable[[float], None]) -> None:
        """Everything, from a look at the pictures to the last line of the log."""
        for folder, why in found.unreadable:
            self.failures(folder, PictureError(why))
        tell("looking at the pictures")
        jobs = self._planned(found)
        pixels = sum(job.plan.computed[0] * job.plan.computed[1] for job in jobs)
        progress = Progress(len(jobs), pixels, tell, advance)
        with warnings.catch_warnings():
            # readers change the filters, which belong to all threads: here they are put back when all have ended
            warnings.simplefilter("ignore")
            self._way(jobs, Keeper(self._log, self._key), progress, self.failures)
        self.done = progress.done
        self.speed = progress.speed
        self.notes += counted_notes(progress.notes)
        self._log.write("end", done=self.done, skipped=self.skipped, failed=len(self.failures.found))

    def _planned(self, found: Found) -> list[Job]:
        planner = Planner(
            self._network,
            self._wish,
            self._key,
            self._log,
            found.root,
            self._destination,
            self._overwrite,
            self.failures,
        )
        jobs = planner.jobs(found.pictures)
        known = {self._destination / result for result in self._log.done}
        for folder in {path.parent for path in known} | {job.path.parent for job in jobs}:
            remove_leftovers(folder)
        self.skipped = planner.skipped
        self.notes += renamed_note(planner.renamed)
        return jobs


def _here(network: Network, wish: Wish, limits: Limits, workers: int | None) -> Way:
    """Pictures are upscaled by this process."""
    count = min(WORKERS, os.cpu_count() or 1) if workers is None else workers

    def run(jobs: Sequence[Job], keeper: Keeper, progress: Progress, failures: Failures) -> None:
        Pipeline(network, wish, limits, keeper, count, progress, failures).run(jobs)

    return run


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

        def run(jobs: Sequence[Job], keeper: Keeper, progress: Progress, failures: Failures) -> None:
            setup = partial(Setup, source, session.engine, precision, wish, limits)
            Spread(place, workers, setup, keeper, progress, failures).run(jobs)

        return run

    return way


def _found(root: Path, whole: str | None, patterns: Sequence[str], recursive: bool, apart: Path | None) -> Found:
    """Raises UsageError if there is nothing."""
    if apart is not None and apart.is_dir() and apart.samefile(root):
        raise UsageError(f"{apart} is the folder of the sources; choose another one for the results.")
    found = find(root, whole, patterns, recursive, apart)
    if found.pictures or found.unreadable:
        return found
    asked = [whole] if whole else patterns
    meant = f"that matches {' or '.join(asked)}" if asked else f"({', '.join(SUFFIXES)})"
    raise UsageError(f"There is no picture in {root} {meant}; give another folder or pattern.")


def _as_before(deciding: dict[str, object], log: Log) -> dict[str, object]:
    """The options of the last run, if only the engine was another: in f32 the fastest one gives the same pictures."""
    last = log.runs[-1] if log.runs else {}
    same = all(last.get(name) == value for name, value in deciding.items() if name != "engine")
    return {**deciding, "engine": last["engine"]} if last and same else deciding


def _amount(found: Found, factor: float | None, size: Sides | None) -> Work:
    """The work that the pictures make, from the sizes of some of them."""
    some = found.pictures[:: max(1, len(found.pictures) // SOME)]
    sizes: list[tuple[int, int]] = []
    for name in some:
        with suppress(PictureError, OSError):  # what is wrong with it is said when its turn comes
            sizes.append(read_size(found.root / name)[:2])
    return work_of(sizes, factor, size, len(found.pictures) / max(1, len(some)))


def _beside(root: Path, wish: Wish) -> Path:
    """The folder for results that were not given one."""
    sides = "x".join("" if side is None else str(side) for side in wish.size or ())
    folder = root.resolve() if root.name in ("", "..") else root
    if not folder.name:
        raise UsageError(f"There is no place beside {folder}; choose a folder for the results.")
    return folder.with_name(f"{folder.name}_{sides or f'x{wish.factor:g}'}")


def _prepare(folder: Path, log: Path, resume: bool) -> None:
    """Make the folder for the results. Raises PictureError or UsageError before anything is written."""
    if resume and not log.is_file():
        raise UsageError(f"There is nothing to resume, for there is no log {log}; leave out --resume.")
    if folder.exists() and not folder.is_dir():
        raise PictureError(f"{folder} is a file; choose a folder for the results.")
    try:
        folder.mkdir(exist_ok=True)
    except FileNotFoundError as error:
        raise PictureError(f"There is no folder {folder.parent}; create it or choose another destination.") from error
    except OSError as error:
        raise PictureError(f"The folder {folder} cannot be made: {error.strerror}. Choose another one.") from error


def _scope(
    root: Path, whole: str | None, patterns: Sequence[str], recursive: bool, overwrite: bool
) -> dict[str, object]:
    """Which pictures are meant, as JSON can hold it."""
    return {
        "source": str(root.resolve()),
        "pattern": [*([whole] if whole else []), *patterns],
        "recursive": recursive,
        "overwrite": overwrite,
    }


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
