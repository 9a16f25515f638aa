"""Measuring engines: all are opened, compared with the file in float32, and then run in turns."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.choosing.deviation import deviation, worst
from pliant.choosing.record import Trial
from pliant.choosing.samples import Sample, is_scalable, samples
from pliant.contract import Contract
from pliant.engines.base import PREFERENCE, Engine, Options, Session, Source, opened
from pliant.errors import InputError, PliantError
from pliant.ort import FATAL, errors, library

Array = NDArray[Any]
Clock = Callable[[], float]
Import = Callable[[str], object]

# Of the picture; what fits into a processor's caches says little of larger ones: ncnn, the quickest on a small picture,
# was measured to take three times as long for each pixel of one with 16 times as many.
SIDES = (256, 192, 128, 96, 64, 48, 32, 16)
LONGEST = 0.4  # seconds that one run on it may take: slow networks get a smaller one
BUDGET = 1.0  # seconds for runs in turns, but that a few runs may take longer
LEAST_ROUNDS, ROUNDS = 3, 7
PATIENCE = 8.0  # seconds after which no further candidate is opened; the preferred ones come first
HOPELESS = 2.0  # times as slow as the quickest: not run again
UNKNOWN_IMPORT = 0.15  # seconds for a package; here openvino took 0.23, onnx with onnx-ir 0.25
BETTER = 0.95  # another number of threads must take less than this share of the time


@dataclass(frozen=True)
class Candidate:
    """An engine and a precision to try; `source` is the model, or its int8 form."""

    engine: Engine
    precision: str
    source: Source

    def options(self, threads: int | None = None) -> Options:
        """How to open it: an int8 form computes in the types that it holds."""
        return Options(threads=threads, precision="f32" if self.precision == "int8" else self.precision)


@dataclass
class _Running:
    """A candidate that is open; `seconds` are those of its runs, by sample.

    The shortest of them counts: what disturbs a run only makes it longer, and there are few.
    """

    candidate: Candidate
    session: Session
    trial: Trial
    seconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    @property
    def shortest(self) -> float:
        """Seconds for all samples once."""
        return sum(min(times) for times in self.seconds.values())


@dataclass(frozen=True)
class Measured:
    """`shapes` are those of what was given and what came of it, for people."""

    trials: tuple[Trial, ...]
    shapes: tuple[str, ...]


class Reference:
    """The file as it is in ONNX Runtime's float32: no rewriting, no kernels, no other precision.

    PyTorch is what counts, but it is not here when a model is run; that the file equals it in ONNX Runtime was proved
    by the export.
    """

    def __init__(self, source: Source) -> None:
        ort: Any = library()
        settings = ort.SessionOptions()
        settings.log_severity_level = FATAL
        given = str(source.file) if source.file is not None else source.data
        try:
            self._session = ort.InferenceSession(given, settings, providers=["CPUExecutionProvider"])
        except errors() as error:
            raise InputError(f"ONNX Runtime could not load {source.name}: {error}.") from error

    def __call__(self, feeds: Mapping[str, Array]) -> list[Array]:
        """The outputs in order. Raises InputError."""
        try:
            return self._session.run(None, dict(feeds))
        except errors() as error:
            raise InputError(
                f"ONNX Runtime could not run the model on a picture made for measuring: {error}."
            ) from error


def measure(
    source: Source,
    candidates: Sequence[Candidate],
    thread_counts: Iterable[int] = (),
    *,
    clock: Clock = perf_counter,
    load: Import = import_module,
    report: Callable[[str], None] | None = None,
) -> Measured:
    """Try all candidates on samples of the model; `thread_counts` are tried on the quickest one too.

    Raises InputError if the model cannot be run at all on what its contract allows.
    """
    tell, begun = report or _ignore, clock()
    tell("measuring which engine is fastest")
    imports = _imports(candidates, clock, load)
    reference = Reference(source)
    cases = samples(source.contract, _side(source.contract, reference, clock))
    expected = [reference(case.feeds) for case in cases]
    running: list[_Running] = []
    failed: list[Trial] = []
    for candidate in sorted(candidates, key=_preferred):
        tell(f"trying {candidate.engine.name} in {candidate.precision}")
        found = _late(candidate) if clock() - begun > PATIENCE else _opened(candidate, cases, expected, imports, clock)
        if isinstance(found, Trial):
            failed.append(found)
        else:
            running.append(found)
    try:
        _in_turns(running, cases, clock)
        if running:
            running += _on_threads(min(running, key=lambda r: r.shortest), thread_counts, cases, clock)
    finally:
        for entry in running:
            entry.session.close()
    sizes = [_pixels(results[0], source.contract) for results in expected]
    return Measured(
        tuple([_finished(entry, cases, sizes) for entry in running] + failed),
        tuple(_told(case, results) for case, results in zip(cases, expected, strict=True)),
    )


def _imports(candidates: Sequence[Candidate], clock: Clock, load: Import) -> dict[str, float]:
    """Seconds to import each package that the candidates need.

    One that is imported already cannot be timed; a cautious guess stands for it. ONNX Runtime is needed by all.
    """
    load("onnxruntime")
    needed = [name for candidate in candidates for name in (candidate.engine.package, *candidate.engine.needs)]
    found: dict[str, float] = {}
    for name in dict.fromkeys(needed):
        known, started = name in sys.modules, clock()
        try:
            load(name)
        except ImportError:
            continue  # opening it says so
        found[name] = UNKNOWN_IMPORT if known else clock() - started
    found["onnxruntime"] = found["numpy"] = 0.0
    return found


def _side(contract: Contract, reference: Reference, clock: Clock) -> int:
    """Of the picture to run: as large as one run stays short.

    It is estimated twice: a small picture takes up to twice as long for each pixel as the larger ones that are meant.
    """
    if not is_scalable(contract):
        return SIDES[0]
    side = SIDES[-1]
    for _ in range(2):
        seconds = _shortest(reference, samples(contract, side)[0].feeds, clock)
        allowed = side * side * LONGEST / max(seconds, 1e-9)
        side = next((other for other in SIDES if other**2 <= allowed), SIDES[-1])
    return side


def _shortest(reference: Reference, feeds: Mapping[str, Array], clock: Clock) -> float:
    """Seconds of the shortest of three runs: the first takes longer."""
    times: list[float] = []
    for _ in range(3):
        started = clock()
        reference(feeds)
        times.append(clock() - started)
    return min(times)


def _preferred(candidate: Candidate) -> tuple[bool, int]:
    """f16 comes last: on processors it takes long to open, and hardly ever wins."""
    name = candidate.engine.name
    return candidate.precision == "f16", PREFERENCE.index(name) if name in PREFERENCE else len(PREFERENCE)


def _late(candidate: Candidate) -> Trial:
    reason = f"There was no time to try it: others had taken {PATIENCE:g} s."
    engine = candidate.engine
    return Trial(engine.name, engine.version or "", candidate.precision, reason=reason, late=True)


def _opened(
    candidate: Candidate,
    cases: Sequence[Sample],
    expected: Sequence[Sequence[Array]],
    imports: Mapping[str, float],
    clock: Clock,
) -> _Running | Trial:
    engine = candidate.engine
    trial = Trial(engine.name, engine.version or "", candidate.precision)
    started = clock()
    try:
        session = opened(candidate.source, engine, candidate.options())
        session.ready()  # or the start for the other factor would be missing
        results = [_run(session, cases[0])]
        start = clock() - started
        results += [_run(session, case) for case in cases[1:]]
    except PliantError as error:
        return replace(trial, reason=" ".join(str(error).split()))
    image = candidate.source.contract.image
    found = worst([deviation(got, right, image) for got, right in zip(results, expected, strict=True)])
    start += sum(imports.get(name, 0.0) for name in {engine.package, *engine.needs})
    return _Running(candidate, session, replace(trial, start=start, deviation=found))


def _run(session: Session, case: Sample) -> tuple[Array, ...]:
    results = session(**case.feeds)
    return results if isinstance(results, tuple) else (results,)


def _in_turns(running: Sequence[_Running], cases: Sequence[Sample], clock: Clock) -> None:
    """Run all, one after the other, again and again: what disturbs the machine disturbs all of them."""
    begun = clock()
    for turn in range(ROUNDS):
        quickest = min((entry.shortest for entry in running if entry.seconds), default=0.0)
        for entry in running:
            # the second run of a size may still be slow: ONNX Runtime lays out its memory then
            if turn > 1 and entry.shortest > HOPELESS * quickest:
                continue
            for case in cases:
                started = clock()
                _run(entry.session, case)
                entry.seconds.setdefault(case.label, []).append(clock() - started)
        took = clock() - begun
        if took > PATIENCE or (took > BUDGET and turn + 1 >= LEAST_ROUNDS):
            return


def _on_threads(quickest: _Running, counts: Iterable[int], cases: Sequence[Sample], clock: Clock) -> list[_Running]:
    """The quickest candidate on other numbers of threads, where that is clearly better."""
    candidate, found = quickest.candidate, list[_Running]()
    for count in counts:
        session = opened(candidate.source, candidate.engine, candidate.options(count))
        for case in cases:
            _run(session, case)
        other = _Running(candidate, session, replace(quickest.trial, threads=count))
        again = replace(quickest, seconds={})
        _in_turns([again, other], cases, clock)
        if other.shortest < BETTER * again.shortest:
            share = other.shortest / again.shortest  # of times that were measured together
            other.seconds = {label: [min(t) * share] for label, t in quickest.seconds.items()}
            found.append(other)
        else:
            session.close()
    return found


def _finished(entry: _Running, cases: Sequence[Sample], sizes: Sequence[float]) -> Trial:
    seconds = [min(entry.seconds[case.label]) for case in cases]
    rates = {case.label: took / size * 1e6 for case, took, size in zip(cases, seconds, sizes, strict=True)}
    start = max(0.0, entry.trial.start - seconds[0])
    spread = max(sorted(times)[:2][-1] / max(min(times), 1e-9) for times in entry.seconds.values())
    return replace(entry.trial, start=start, rates=rates, spread=spread)


def _pixels(result: Array, contract: Contract) -> float:
    """Of the result: of a picture its pixels, of anything else its numbers."""
    if contract.image is None or result.ndim != 4:
        return float(max(1, result.size))
    return float(max(1, np.prod(result.shape[2:]) * result.shape[0]))


def _told(case: Sample, results: Sequence[Array]) -> str:
    given = next((list(array.shape) for array in case.feeds.values() if array.ndim > 1), [])
    return f"{given} to {list(results[0].shape)}"


def _ignore(what: str) -> None:
    del what
