"""Running engines on cases, and holding their results against a yardstick's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Contract
from pliant.errors import InputError, PliantError
from pliant.verifier.cases import ENOUGH, Case
from pliant.verifier.compare import TOLERANCE, compare_all
from pliant.verifier.figures import Figures, is_picture, levels, measure
from pliant.verifier.report import Failure, Row

Outputs = tuple[NDArray[Any], ...]
Run = Callable[[Case], Outputs]  # raises PliantError for a case that it does not take

# of the range; f32 is the promise, the others are a few roundings of numbers with 11 and 8 binary digits
TOLERANCES = {"f32": TOLERANCE, "f16": 1e-2, "bf16": 5e-2}
MOST_FAILURES = 8  # kept with their arrays


@dataclass(frozen=True)
class Truth:
    """A case with what the yardstick makes of it."""

    case: Case
    expected: Outputs


@dataclass(frozen=True)
class Yardstick:
    """What all engines are held against. `name` is what messages call it."""

    name: str
    run: Run


def truths(
    cases: Iterable[tuple[Case, bool]], yardstick: Yardstick, say: Callable[[str], None]
) -> tuple[list[Truth], int, float]:
    """Cases with the yardstick's results, the number of cases that it refuses, and the seconds it took.

    Sizes that are only for models which refuse others are left out once enough were accepted. Raises InputError if the
    yardstick accepts none.
    """
    found: list[Truth] = []
    refused, reason, seconds = 0, "", 0.0
    for case, further in cases:
        if further and len(found) >= ENOUGH:
            continue
        say(f"{yardstick.name}: {case.label}")
        started = perf_counter()
        try:
            found.append(Truth(case, yardstick.run(case)))
        except PliantError as error:
            refused, reason = refused + 1, reason or f"{case.label}: {error}"
        seconds += perf_counter() - started
    if not found:
        raise InputError(
            f"{yardstick.name} accepts none of the {refused} inputs drawn from the contract ({reason}) Check that the "
            "contract fits the model: pliant inspect shows it."
        )
    return found, refused, seconds


def check(
    row: Row,
    run: Run,
    told: Sequence[Truth],
    contract: Contract,
    than: str,
    tolerance: float,
    say: Callable[[str], None],
) -> Row:
    """`row` with figures and failures of an engine on all cases; "refused" if it takes none of them."""
    found = Figures()
    failures: list[Failure] = []
    worst: tuple[float, str, NDArray[Any], NDArray[Any]] | None = None
    seconds, raised = 0.0, 0
    for truth in told:
        say(f"{row.engine} {row.precision}: {truth.case.label}")
        started = perf_counter()
        try:
            got = run(truth.case)
        except PliantError as error:
            raised += 1
            failures.append(Failure(truth.case.label, f"fails: {error}", truth.case.arrays, None, truth.expected))
            continue
        finally:
            seconds += perf_counter() - started
        figures = measure(got, truth.expected, contract)
        found += figures
        if reason := wrong(got, truth.expected, contract, than, tolerance, strict=row.precision == "f32"):
            failures.append(Failure(truth.case.label, reason, truth.case.arrays, got, truth.expected))
        shown = _shown(got, truth.expected, contract)
        if shown is not None and (worst is None or figures.largest > worst[0]):
            worst = (figures.largest, truth.case.label, *shown)
    status = "failed" if failures else "passed"
    reason = f"{failures[0].case}: {failures[0].reason}" if failures else ""
    return replace(
        row,
        status="refused" if raised == len(told) and row.engine != "onnxruntime" else status,
        reason=reason,
        figures=found,
        cases=len(told),
        seconds=seconds,
        failures=tuple(sorted(failures, key=_size)[:MOST_FAILURES]),
        worst=worst[1:] if worst else None,
    )


def wrong(got: Outputs, expected: Outputs, contract: Contract, than: str, tolerance: float, *, strict: bool) -> str:
    """What is wrong with a result, or an empty text. `strict` also allows pictures one grey level at most."""
    difference = compare_all(got, expected, tolerance, than)
    if not difference.agrees:
        return difference.reason
    for a, b in zip(got, expected, strict=True):
        if strict and contract.image and is_picture(a, contract) and a.size and np.isfinite(a).all():
            most = int(np.abs(levels(a, contract.image) - levels(b, contract.image)).max())
            if most > 1:
                return f"is {most} grey levels from {than}"
    return ""


def _size(failure: Failure) -> int:
    """Order of failures: the smallest inputs are the easiest to look into."""
    return sum(array.size for array in failure.arrays.values())


def _shown(got: Outputs, expected: Outputs, contract: Contract) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """The first pair of outputs that can be shown as a picture."""
    pairs = [(a, b) for a, b in zip(got, expected, strict=False) if a.shape == b.shape and a.ndim >= 2 and a.size]
    return next((p for p in pairs if is_picture(p[1], contract)), pairs[0] if pairs else None)
