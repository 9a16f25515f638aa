"""What is to be done for each picture of a folder, decided before the first is upscaled."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from pliant.apps.batch.log import Log
from pliant.apps.batch.names import result_names
from pliant.apps.batch.places import Look, Results, Sources
from pliant.apps.steps import Wish, check
from pliant.errors import InputError, PictureError, PliantError
from pliant.imaging.network import Network
from pliant.imaging.sizes import Plan
from pliant.media.formats import Format, by_name, for_source

Failed = Callable[[str, BaseException], None]
SQUARE = (1024, 1024)  # a picture of usual size, on which options are tried


def checked(wish: Wish, network: Network) -> Wish:
    """The same wish with the network's default factor where there is none.

    Raises UsageError or ContractError if this cannot be done with any picture.
    """
    if wish.format is not None:
        by_name(wish.format)
    if wish.size is None:
        factor = float(network.default_factor if wish.factor is None else wish.factor)
        wish = replace(wish, factor=factor)
        wish.planned(network, SQUARE)
        return wish
    with suppress(InputError):  # it depends on the picture how far a size is from its own
        wish.planned(network, SQUARE)
    return wish


def written_as(wish: Wish, source: Path, source_format: str) -> tuple[Format, str]:
    """The format and the suffix of the result."""
    if wish.format is None:
        return for_source(source, source_format)
    target = by_name(wish.format)
    return target, source.suffix if source.suffix.lower() in target.suffixes else target.suffixes[0]


def options(network: Network, wish: Wish) -> dict[str, object]:
    """Everything that decides what results are, as JSON can hold it.

    `memory` and `tile` are not among it: they say how a result is computed. A session of unknown origin differs from
    every other.
    """
    session = network.session
    known = session.fingerprint or uuid4().hex
    model = sha256(f"{known} {session.contract.to_json()}".encode()).hexdigest()
    size = list(wish.size) if wish.size else None
    return {**asdict(wish), "size": size, "model": model, "engine": session.engine}


def digest(chosen: dict[str, object]) -> str:
    """A short text that is another for other options."""
    return sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Job:
    """A picture to upscale: `name` and `result` are paths with slashes in their folders."""

    name: str
    source: Path
    source_bytes: int
    source_time: int
    result: str
    path: Path
    target: Format
    plan: Plan


@dataclass(frozen=True)
class Seen:
    """What the head of a picture's file tells, and how its result is written."""

    look: Look
    target: Format
    suffix: str


@dataclass
class Planner:
    """Decides which pictures are to be done. `failed` is told of those that cannot be.

    `key` is the digest of the options. With `overwrite`, only results of the run that is resumed count as done, and
    files that pliant did not make are replaced. `skipped` counts pictures that are done, `renamed` has the sources and
    results whose names were taken.
    """

    network: Network
    wish: Wish
    key: str
    log: Log
    sources: Sources
    results: Results
    overwrite: bool
    failed: Failed
    skipped: int = 0
    renamed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def jobs(self, names: list[str]) -> list[Job]:
        """One for each picture that is not done, in the order of their names."""
        seen = dict(self._seen(names))
        results = result_names({name: head.suffix for name, head in seen.items()})
        sources = {head.look.same for head in seen.values()}
        found: list[Job] = []
        for name, result in results.items():
            if result != name[: name.rindex(".")] + seen[name].suffix:
                self.renamed.append((name, result))
            try:
                if self._is_done(name, seen[name].look, result):
                    self.skipped += 1
                    continue
                self._check_place(result, sources)
                found.append(self._job(name, seen[name], result))
            except PliantError as error:
                self.failed(name, error)
        return found

    def _seen(self, names: list[str]) -> Iterator[tuple[str, Seen]]:
        for name, look in self.sources.looks(names):
            if isinstance(look, Exception):
                self.failed(name, look)
                continue
            try:
                yield name, Seen(look, *written_as(self.wish, self.sources.path(name), look.format))
            except PliantError as error:
                self.failed(name, error)

    def _job(self, name: str, head: Seen, result: str) -> Job:
        look, planned = head.look, self.wish.planned(self.network, head.look.size)
        check(planned, self.results.folder, head.target)
        place = self.results.path(result)
        return Job(name, self.sources.path(name), look.bytes, look.time, result, place, head.target, planned)

    def _is_done(self, name: str, look: Look, result: str) -> bool:
        done = self.log.done.get(result)
        if done is None or (self.overwrite and result not in self.log.fresh):
            return False
        wanted = (name, self.key, look.bytes, look.time)
        same = (done.source, done.plan, done.source_bytes, done.source_time) == wanted
        return same and self.results.bytes(result) == done.bytes

    def _check_place(self, result: str, sources: set[Hashable]) -> None:
        """Raise PictureError if something is there that must not be replaced."""
        if not self.results.taken(result, sources) or self.overwrite or result in self.log.sent:
            return
        known = self.log.done.get(result)
        if known is None or known.bytes != self.results.bytes(result):
            place = self.results.url(result) or self.results.path(result)
            raise PictureError(
                f"{place} exists, and {self.log.path} does not say that it was made by pliant and left as it was; "
                "move it away, or replace it with --overwrite."
            )
