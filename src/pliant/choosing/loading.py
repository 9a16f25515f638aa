"""`pliant.load`: a model on the engine that is fastest here, within the accuracy that is allowed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pliant.artifact import Artifact
from pliant.choosing import forms
from pliant.choosing.choice import EXACT, PRECISIONS, SHORTER, Choice, Work, choose
from pliant.choosing.machine import machine
from pliant.choosing.record import Record, Trial, knows, remember, remembered
from pliant.engines.base import Engine, Options, Session, Source, engines, find, meant, opened
from pliant.engines.base import load as load_on
from pliant.errors import InputError, UsageError
from pliant.version import VERSION

if TYPE_CHECKING:
    from pliant.choosing.trials import Candidate, Clock

Model = str | os.PathLike[str] | Artifact | Source
Tell = Callable[[str], None]

# Measuring takes about as long as computing so many pixels with a small network. A larger file makes for a slower
# network; the bytes of its weights times the pixels of the result are all that is known before it runs.
PAYS = 24e6
PAYS_WEIGHTED = 150e12
MOST_TRIES = 3  # on a machine that is too busy to tell


def load(
    model: Model,
    engine: str = "auto",
    *,
    threads: int | None = None,
    device: str | None = None,
    precision: str | None = None,
    max_error: float | None = None,
    kernels: Iterable[object] = (),
    cache: str | os.PathLike[str] | None = None,
) -> Session:
    """Load an ONNX file, or an artifact, to run it. A file without a contract gets an inferred one.

    Args:
        engine: its name, or "auto" for the one that is fastest here. That is measured when a model is first loaded on a
            machine, which takes some seconds, and remembered; where the environment variable PLIANT_ENGINE names an
            engine, "auto" means that one and nothing is measured.
        threads: how many to compute with; what was measured to be best, or the engine's own choice, if None.
        device: as the engine calls it, "GPU" for example; the engine's default if None. Nothing is measured for one.
        precision: what it computes in: "f32", "bf16" or "f16"; "int8" for the form that `pliant.quantize` made; or
            "fast" for whichever of them is fastest here with an error that is allowed. "f32" if neither this nor
            `max_error` is given, else "fast".
        max_error: how many grey levels a value may be off in another precision than f32, and all of them by an eighth
            of that on average, measured on a picture made for it. For "fast" 4 if None, else not bounded.
        kernels: operators that carry kernels, `pliant.Kernel` objects, or modules with either. Those for this engine
            compute their operators; an operator without one is computed by its ONNX body. Nothing is measured then.
        cache: a folder for what the engine compiles (OpenVINO), so that the next start is faster; nowhere if None.

    Raises:
        InputError: the file is missing, is no ONNX model, or the engine cannot run it.
        UsageError: the engine or precision does not exist or is not installed, or is not as accurate as is allowed.

    Warns:
        UnverifiedWarning: the file holds no record that it was verified on this engine, and it was not compared here
            either; see `pliant.stamps`.
    """
    options = Options(threads, device, cache=Path(cache) if cache is not None else None)
    return chosen(model, Wish(engine, precision, max_error), options, tuple(kernels))


@dataclass(frozen=True)
class Wish:
    """What a caller asks for, as `load` takes it.

    For little `work` nothing is measured in f32. `figures` says whether the notes of the session must have the cost of
    another precision, where both it and the engine were asked for by name.
    """

    engine: str = "auto"
    precision: str | None = None
    max_error: float | None = None
    work: Work = field(default_factory=Work)
    figures: bool = False


def chosen(
    model: Model,
    wish: Wish,
    options: Options | None = None,
    kernels: tuple[object, ...] = (),
    report: Tell | None = None,
) -> Session:
    """As `load`; `report` is called with a few words when something is measured."""
    wanted, options = settled(wish.precision, wish.max_error), options or Options()
    source = Source.of(model)
    found = None
    if not _is_plain(wish, wanted, options, kernels):
        found = _choice(source, wish, wanted, report)
    if found is not None:
        return _opened(source, found, options, wanted == "fast")
    return load_on(
        source,
        wish.engine,
        threads=options.threads,
        device=options.device,
        precision=wanted,
        kernels=kernels,
        cache=options.cache,
    )


def _is_plain(wish: Wish, wanted: str, options: Options, kernels: tuple[object, ...]) -> bool:
    """Whether there is nothing to choose. Raises UsageError for what cannot be measured."""
    special = options.device is not None or bool(kernels)
    if wanted in ("fast", "int8") or wish.max_error is not None:
        if special:
            raise UsageError(
                f"Precision {wanted!r} within an error is measured on the processor, without kernels of a user's; name "
                "one of f32, bf16 and f16 without max_error, or leave out device and kernels."
            )
        return False
    return special or (meant(wish.engine) != "auto" and not (wish.figures and wanted != EXACT))


def settled(precision: str | None, max_error: float | None) -> str:
    """The precision that is meant. Raises UsageError if there is none such, or the error makes no sense."""
    if max_error is not None and not (isfinite(max_error) and max_error > 0):
        raise UsageError(f"The largest error is {max_error:g} grey levels; give a number above 0, for example 3.")
    if precision is None:
        return EXACT if max_error is None else "fast"
    if precision not in PRECISIONS:
        raise UsageError(f"There is no precision {precision!r}; there are: {', '.join(PRECISIONS)}.")
    if precision == EXACT and max_error is not None:
        raise UsageError("f32 is exact, whatever error is allowed; give --precision fast, bf16, f16 or int8 with it.")
    return precision


def record_of(
    model: Model,
    engine: str = "auto",
    precision: str = EXACT,
    *,
    again: bool = False,
    report: Tell | None = None,
    clock: Clock = perf_counter,
) -> Record:
    """What is remembered of a model in a precision, measured now if nothing is or `again`.

    What was measured while the machine was busy is measured again, twice at most, and the better times count.

    Raises UsageError for an int8 form that does not exist, InputError if the model cannot be run.
    """
    from pliant.choosing.trials import measure

    source = Source.of(model)
    wanted, others = _engines(meant(engine))
    form = forms.find(source.fingerprint) if precision in ("fast", "int8") else None
    if precision == "int8" and form is None:
        raise UsageError(
            f"There is no int8 form of {source.name} here; make one with: pliant quantize {source.name} PICTURES..."
        )
    facts = _facts(source, wanted, precision, form)
    known = None if again else remembered(facts)
    if known is not None and not (known.disturbed and known.tries < MOST_TRIES):
        return known
    candidates, out = _candidates(source, wanted, precision, form)
    started = clock()
    found = measure(source, candidates, _threads(), clock=clock, report=report)
    record = Record(facts, (*found.trials, *out, *others), found.shapes, clock() - started)
    record = record if known is None else record.after(known)
    remember(record)
    return record


def _choice(source: Source, wish: Wish, wanted: str, report: Tell | None) -> Choice | None:
    """None for the preferred engine: where nothing is known, or in f32 no result is like another (random numbers)."""
    record = _record_for(source, meant(wish.engine), wanted, wish.work, report)
    try:
        return None if record is None else choose(record, wanted, wish.max_error, wish.work)
    except UsageError:
        if wanted == EXACT:
            return None
        raise


def _record_for(source: Source, engine: str, precision: str, work: Work, report: Tell | None) -> Record | None:
    """None where nothing is remembered and measuring does not pay, or there is nothing to choose between."""
    if precision != EXACT:
        return record_of(source, engine, precision, report=report)
    if not knows(source.fingerprint) and not _pays(source, work):
        return None
    wanted, _ = _engines(engine)
    if len(wanted) < 2:
        return None
    if not _pays(source, work):
        return remembered(_facts(source, wanted, precision, None))
    try:
        return record_of(source, engine, precision, report=report)
    except InputError:  # it does not run on the arguments made for measuring; others may be fine
        return None


def _pays(source: Source, work: Work) -> bool:
    """Whether measuring costs little beside the work."""
    if work.megapixels is None:
        return True
    pixels = work.megapixels * 1e6
    return pixels >= PAYS or pixels * len(source.data) >= PAYS_WEIGHTED


def _engines(name: str) -> tuple[list[Engine], list[Trial]]:
    """Those that can run here, and trials that say why the others cannot."""
    able: list[Engine] = []
    out: list[Trial] = []
    for engine in engines() if name == "auto" else [find(name)]:
        reason = engine.available() or engine.runs()
        if reason is None:
            able.append(engine)
        elif name != "auto":
            raise UsageError(reason)
        else:
            out.append(Trial(engine.name, engine.version or "", EXACT, reason=reason))
    return able, out


def _facts(source: Source, wanted: list[Engine], precision: str, form: Source | None) -> dict[str, Any]:
    """All that a measurement holds for."""
    return {
        "model": source.fingerprint,
        "int8": form.fingerprint if form is not None else None,
        "machine": asdict(machine()),
        "engines": {engine.name: engine.version for engine in wanted},
        "precision": precision,
        "pliant": VERSION,
    }


def _candidates(
    source: Source, wanted: list[Engine], precision: str, form: Source | None
) -> tuple[list[Candidate], list[Trial]]:
    from pliant.choosing.trials import Candidate

    kinds = (EXACT, *SHORTER) if precision == "fast" else (precision,)
    found: list[Candidate] = []
    out: list[Trial] = []
    for engine in wanted:
        for kind in kinds:
            if kind == "int8" and form is not None:
                found.append(Candidate(engine, kind, form))
            elif kind in engine.precisions:
                found.append(Candidate(engine, kind, source))
            elif precision != "fast":
                known = ", ".join(engine.precisions)
                out.append(Trial(engine.name, engine.version or "", kind, reason=f"It computes in {known}."))
    return found, out


def _threads() -> list[int]:
    """Numbers of threads to try besides the engine's own choice: where a process may not use all cores, or has many."""
    here = machine()
    counts = [here.allowed] if here.allowed < here.cores or here.allowed >= 4 else []
    return counts + ([here.allowed // 2] if here.allowed >= 4 else [])


def _opened(source: Source, found: Choice, given: Options, fast: bool) -> Session:
    """The session, with notes: `fast` says that the precision was left open."""
    trial = found.trial
    if trial.precision == "int8":
        form = forms.find(source.fingerprint)
        assert form is not None  # it was among what was measured
        source = form
    kind = EXACT if trial.precision == "int8" else trial.precision
    options = replace(given, threads=given.threads or trial.threads, precision=kind)
    session = opened(source, find(trial.engine), options)
    session.precision = trial.precision
    session.notes = _notes(found, fast)
    return session


def _notes(found: Choice, fast: bool) -> tuple[str, ...]:
    trial = found.trial
    if trial.precision == EXACT or trial.deviation is None:
        return (f"Computed in f32, without any loss: {found.why}",) if fast else ()
    return (
        f"Computed in {trial.precision} on {trial.engine}, which differs from f32 by {trial.deviation.text()}, on a "
        "picture made for measuring.",
    )
