"""Verify a file: on every engine against eager PyTorch, down to the node where it departs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pliant.apps.models import find
from pliant.artifact import Artifact, read_model
from pliant.contract import Contract
from pliant.engines.base import Engine, Session, load
from pliant.engines.base import engines as all_engines
from pliant.errors import ExportError, InputError, PliantError, UnverifiedWarning, UsageError
from pliant.inferred import infer
from pliant.onnxfile import read
from pliant.stamps import Stamp, fingerprint, stamp_file
from pliant.verifier.cases import Case
from pliant.verifier.check import TOLERANCES, Outputs, Truth, Yardstick, check, truths, wrong
from pliant.verifier.drawn import compared, drawn, named
from pliant.verifier.report import Finding, Report, Row
from pliant.version import VERSION

PathLike = str | os.PathLike[str]
REFERENCE, MODULE = "onnxruntime", "pytorch"


def verify(
    model: PathLike,
    *,
    against: Any = None,
    engines: str | Sequence[str] = "all",
    precision: str | Sequence[str] = "f32",
    tolerance: float | None = None,
    fixed: Mapping[str, Any] | None = None,
    stamp: bool = True,
    report: Callable[[str], None] | None = None,
) -> Report:
    """Run an ONNX file on inputs drawn from its contract, and hold the results against a yardstick.

    Inputs are sizes and values at the ends of their ranges, odd, not square, of batch 2, and such that height times
    factor is no whole number. Where an engine departs, the first node that does is searched for.

    Args:
        model: an ONNX file, or the name of a shipped model.
        against: the module that the file was exported from, (module, example arguments), "file.py:factory" or a
            weights file of a known architecture. None compares the engines with ONNX Runtime on the same file.
        engines: "all" that are available here, or names.
        precision: "f32", "f16", "bf16", one or several.
        tolerance: largest difference as a fraction of the range; 1e-4 in f32, 1e-2 in f16 and 5e-2 in bf16 if None.
        fixed: values of arguments of the module that are constants of the file.
        stamp: whether what passed is written into the file.
        report: called with a few words at the beginning of each step.

    Returns:
        The report; `passed` is false if an engine gives other numbers, or none. That raises nothing.

    Raises:
        UsageError: an engine or precision does not exist or is not installed; the module does not fit the contract.
        InputError: the file or the module cannot be read; the yardstick accepts no input.
    """
    say = report or _ignore
    if isinstance(model, Artifact):  # callers need not be typed
        raise UsageError("Verify a file: artifact.save('model.onnx'), then pliant.verify('model.onnx', ...).")
    engines = "all" if engines == ["all"] else engines
    precisions = _precisions(precision)
    chosen, absent = _engines(engines)
    job = _prepared(find(model), against, fixed or {}, tolerance, say)
    told, refused, seconds = truths(drawn(job.contract, job.thresholds), job.yardstick, say)
    rows = [_row(job, engine, kind, told, say) for engine in chosen for kind in precisions]
    rows = [_yardstick_row(row, told, seconds) if _is_yardstick(job, row) else row for row in rows]
    faults = _faults(job, told, say)
    rows = [_explained(job, row, told, say) if row.status == "failed" else row for row in rows]
    named_already = {row.finding.node for row in rows if row.finding}
    found = Report(
        model=str(job.path),
        yardstick=job.yardstick_engine,
        yardstick_version=_version(job.yardstick_engine),
        fingerprint=job.fingerprint,
        contract=job.contract,
        rows=(*rows, *absent),
        cases=tuple(truth.case.label for truth in told),
        refused_cases=refused,
        faults=tuple(fault for fault in faults if fault.node not in named_already),
        notes=tuple(_notes(job, rows)),
        yardstick_seconds=seconds,
        required=() if engines == "all" else tuple(engine.name for engine in chosen),
    )
    return _stamped(job, found) if stamp and not faults else found


@dataclass
class _Job:
    """A file, what is known about it, and what it is held against."""

    path: Path
    data: bytes
    contract: Contract
    fingerprint: str
    thresholds: list[float]
    yardstick: Yardstick
    yardstick_engine: str
    module: Any  # pliant.apps.against.Against, or None
    tolerance: float | None
    sessions: dict[str, Session] = field(default_factory=dict)
    trusted: Artifact | None = None
    findings: dict[str, tuple[Finding | None, str]] = field(default_factory=dict)

    @property
    def than(self) -> str:
        """What messages call the yardstick."""
        return self.yardstick.name

    def reference(self, case: Case) -> Outputs:
        """The file on ONNX Runtime. Raises PliantError."""
        if REFERENCE not in self.sessions:
            self.sessions[REFERENCE] = _load(self.path, REFERENCE, "f32")
        return _outputs(self.sessions[REFERENCE], case)

    def limit(self, precision: str) -> float:
        """The tolerance at a precision."""
        return TOLERANCES[precision] if self.tolerance is None else self.tolerance


def _prepared(
    path: Path, wanted: Any, fixed: Mapping[str, Any], tolerance: float | None, say: Callable[[str], None]
) -> _Job:
    data = read_model(path)
    graph = read(data, str(path))
    artifact = Artifact.from_bytes(data, str(path))
    contract = named(artifact.contract if artifact else infer(graph))
    job = _Job(
        path=path,
        data=data,
        contract=contract,
        fingerprint=fingerprint(data),
        thresholds=compared(graph),
        yardstick=Yardstick("ONNX Runtime", lambda case: job.reference(case)),
        yardstick_engine=REFERENCE,
        module=None,
        tolerance=tolerance,
    )
    if wanted is not None:
        from pliant.apps.against import against

        say("reading the module")
        job.module = against(wanted, contract, fixed)
        session = job.module.session()
        job.yardstick, job.yardstick_engine = Yardstick("PyTorch", lambda case: _outputs(session, case)), MODULE
    return job


def _precisions(wanted: str | Sequence[str]) -> list[str]:
    found = [p.strip() for p in (wanted.split(",") if isinstance(wanted, str) else wanted)]
    if unknown := [p for p in found if p not in TOLERANCES]:
        raise UsageError(f"There is no precision {unknown[0]!r}; there are: {', '.join(TOLERANCES)}.")
    return list(dict.fromkeys(found))


def _engines(wanted: str | Sequence[str]) -> tuple[list[Engine], list[Row]]:
    """The engines to run, and a row for each that cannot be used here. Raises UsageError for what was named."""
    known = {engine.name: engine for engine in all_engines() if engine.name != MODULE}
    if wanted == "all":
        reasons = {name: engine.available() or engine.runs() for name, engine in known.items()}
        absent = [Row(n, known[n].version or "", "", "absent", why) for n, why in reasons.items() if why is not None]
        return [engine for name, engine in known.items() if reasons[name] is None], absent
    names = [n.strip() for n in (wanted.split(",") if isinstance(wanted, str) else wanted)]
    for name in names:
        if name == MODULE:
            raise UsageError("PyTorch is the yardstick, not an engine that runs files: give --against instead.")
        if name not in known:
            raise UsageError(f"There is no engine named {name!r}; there are: all, {', '.join(known)}.")
        if reason := known[name].available() or known[name].runs():
            raise UsageError(reason)
    return [known[name] for name in dict.fromkeys(names)], []


def _load(path: Path, engine: str, precision: str) -> Session:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnverifiedWarning)  # this is the verification
        return load(path, engine, precision=precision)


def _outputs(session: Session, case: Case) -> Outputs:
    result = session(**case.arrays)
    return result if isinstance(result, tuple) else (result,)


def _version(name: str) -> str:
    return next((engine.version or "" for engine in all_engines() if engine.name == name), "")


def _is_yardstick(job: _Job, row: Row) -> bool:
    return job.yardstick_engine == row.engine and row.precision == "f32"


def _yardstick_row(row: Row, told: Sequence[Truth], seconds: float) -> Row:
    return replace(row, status="yardstick", cases=len(told), seconds=seconds, reason="")


def _row(job: _Job, engine: Engine, precision: str, told: Sequence[Truth], say: Callable[[str], None]) -> Row:
    row = Row(engine.name, engine.version or "", precision, "refused")
    if _is_yardstick(job, row):
        return row
    say(f"{engine.name} {precision}: loading")
    try:
        with _load(job.path, engine.name, precision) as session:
            limit = job.limit(precision)
            return check(row, lambda case: _outputs(session, case), told, job.contract, job.than, limit, say)
    except PliantError as error:
        # ONNX Runtime is what every file has to run on; another engine may refuse one
        failed = engine.name == REFERENCE and precision == "f32"
        if not failed:
            return replace(row, reason=str(error))
        from pliant.verifier.report import Failure

        first = min(told, key=lambda truth: sum(a.size for a in truth.case.arrays.values()))
        failure = Failure(first.case.label, f"does not load: {error}", first.case.arrays, None, first.expected)
        return replace(row, status="failed", reason=f"does not load: {error}", cases=len(told), failures=(failure,))


def _faults(job: _Job, told: Sequence[Truth], say: Callable[[str], None]) -> tuple[Finding, ...]:
    """What is wrong in the file itself, found without running it."""
    if find_spec("onnx") is None:
        return ()
    from pliant.bisection.declared import contradictions

    say("reading the graph")
    found = contradictions(job.data)
    if job.module is not None and job.module.made_the_file():
        found += _changed_weights(job, told[0], say)
    return tuple(found)


def _changed_weights(job: _Job, truth: Truth, say: Callable[[str], None]) -> list[Finding]:
    """Weights that are neither the module's nor those of a fresh export, which may fold one weight into another."""
    from pliant.bisection.declared import changed_weights, weights_of

    content = _self_contained(job)
    if not changed_weights(content, job.module.weights()):
        return []
    try:
        return changed_weights(content, weights_of(_trusted(job, truth, say).model))
    except PliantError:
        return []  # nothing to compare with; the numbers were compared


def _explained(job: _Job, row: Row, told: Sequence[Truth], say: Callable[[str], None]) -> Row:
    """The row with the first node that departs, or with a note that says why none can be named."""
    if find_spec("onnx") is None:
        return replace(
            row, note="To name the node that departs, install the package onnx: pip install 'pliant[export]'."
        )
    failure = row.failures[0]
    truth = next(truth for truth in told if truth.case.label == failure.case)
    try:
        finding, note = _located(job, row, truth, failure.got, say)
    except (PliantError, ValueError, KeyError) as error:
        finding, note = None, f"The node that departs could not be found: {' '.join(str(error).split())}"
    return replace(row, finding=finding, note=note)


def _located(
    job: _Job, row: Row, truth: Truth, got: Outputs | None, say: Callable[[str], None]
) -> tuple[Finding | None, str]:
    """The first node that departs: in the file, if ONNX Runtime is wrong too, else on the engine."""
    reference, reason = None, ""
    try:
        reference = job.reference(truth.case)
        reason = wrong(reference, truth.expected, job.contract, job.than, job.limit("f32"), strict=True)
    except PliantError as error:
        reason = str(error)
    if not reason and row.engine == REFERENCE:
        return None, "A second run on ONNX Runtime gave the right numbers: its results are not reproducible."
    if reason and job.module is not None:
        finding, note = _in_file(job, truth, say)
        if row.engine == REFERENCE or got is None or reference is None:
            return finding, note
        same = not wrong(got, reference, job.contract, "ONNX Runtime", job.limit(row.precision), strict=False)
        if same:
            return finding, note or "It computes what ONNX Runtime computes: the fault is in the file."
    return _on_engine(job, row, truth, say)


def _on_engine(job: _Job, row: Row, truth: Truth, say: Callable[[str], None]) -> tuple[Finding | None, str]:
    from pliant.bisection.engine import engine_departure

    say(f"bisecting on {row.engine}")
    limit = job.limit(row.precision)
    content = _self_contained(job)
    case = truth.case
    found = engine_departure(content, job.contract, case.arrays, case.label, row.engine, row.precision, limit, say)
    return found, "" if found else f"No inner value departs when {row.engine} computes it alone."


def _in_file(job: _Job, truth: Truth, say: Callable[[str], None]) -> tuple[Finding | None, str]:
    """The first node of the file that departs from a fresh export of the module."""
    label = truth.case.label
    if label not in job.findings:
        job.findings[label] = _searched(job, truth, say)
    return job.findings[label]


def _searched(job: _Job, truth: Truth, say: Callable[[str], None]) -> tuple[Finding | None, str]:
    from pliant.bisection.departure import departure

    try:
        trusted = _trusted(job, truth, say)
    except ExportError as error:
        return None, f"The node that departs could not be found, for the module cannot be exported again: {error}"
    say("bisecting")
    found = departure(_self_contained(job), trusted.model, truth.case.arrays, job.contract, truth.case.label)
    return found, "" if found else "Every inner value that can be compared is that of a fresh export of the module."


def _trusted(job: _Job, truth: Truth, say: Callable[[str], None]) -> Artifact:
    """A fresh export of the module that is right for one case. Raises ExportError if there is none."""
    from pliant.bisection.values import run_file

    def sound(artifact: Artifact) -> bool:
        got = tuple(run_file(artifact.model, truth.case.arrays, artifact.contract))
        return not wrong(got, truth.expected, job.contract, job.than, job.limit("f32"), strict=False)

    if job.trusted is not None:
        return job.trusted
    say("exporting the module again")
    trusted: Artifact = job.module.trusted(sound, say)
    job.trusted = trusted
    return trusted


def _self_contained(job: _Job) -> bytes:
    """The file with weights that lie beside it."""
    import onnx

    model = onnx.load(str(job.path))
    return model.SerializeToString()


def _notes(job: _Job, rows: Sequence[Row]) -> list[str]:
    notes: list[str] = []
    if job.module is None:
        notes.append(
            "The yardstick is ONNX Runtime on the same file: the engines were compared with each other, not with the "
            "model. Give --against with the module or its weights to compare with PyTorch."
        )
        if not any(row.ran for row in rows):
            notes.append("Nothing was compared: no other engine could run the file here.")
    if job.contract.inferred:
        notes.append("The file carries no contract; inputs were drawn from one inferred from its graph.")
    return notes


def _stamped(job: _Job, found: Report) -> Report:
    """Write what passed into the file; where that is not possible, say so."""
    stamps = [_stamp(job, found, row) for row in found.rows if row.status == "passed"]
    if not stamps:
        return found
    try:
        stamp_file(job.path, job.fingerprint, stamps)
    except InputError as error:
        return replace(found, notes=(*found.notes, f"Not stamped: {error}"))
    return replace(found, stamped=tuple(f"{s['engine']} {s['version']} {s['precision']}" for s in stamps))


def _stamp(job: _Job, found: Report, row: Row) -> Stamp:
    return {
        "engine": row.engine,
        "version": row.version,
        "precision": row.precision,
        "against": f"{found.yardstick} {found.yardstick_version}".strip(),
        "pliant": VERSION,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "cases": row.cases,
        **{name: _rounded(number) for name, number in row.figures.as_dict().items()},
        "fingerprint": job.fingerprint,
    }


def _rounded(number: float | None) -> float | None:
    return number if number is None else float(f"{number:.3g}")


def _ignore(step: str) -> None:
    del step
