"""Choosing among what was measured. Pure: no clock, no engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pliant.choosing.record import Record, Trial
from pliant.engines.base import PREFERENCE
from pliant.errors import UsageError
from pliant.verifier.compare import TOLERANCE

EXACT = "f32"
PRECISIONS = ("f32", "fast", "bf16", "f16", "int8")
SHORTER = ("bf16", "f16", "int8")
ALLOWED = 4.0  # grey levels that "fast" may cost where the user does not say
AVERAGE = 1 / 8  # of the allowed largest error: what the mean may be
EQUAL = 1.05  # times that differ by less count as equal
WORTH = 1.1  # how much faster a shorter precision must be to be taken


@dataclass(frozen=True)
class Work:
    """What is to be computed: megapixels of all results, and the factor if it is known. All of them are unbounded."""

    megapixels: float | None = None
    factor: float | None = None


@dataclass(frozen=True)
class Choice:
    """The trial that was taken, and why in a sentence; those that were `slower`, and those that were `left_out`.

    A reason goes with each of the latter.
    """

    trial: Trial
    why: str
    slower: tuple[Trial, ...]
    left_out: tuple[tuple[Trial, str], ...]


def choose(record: Record, precision: str = EXACT, max_error: float | None = None, work: Work | None = None) -> Choice:
    """The quickest trial that is accurate enough.

    Raises UsageError if there is none; the message has the reason for each.
    """
    work = work or Work()
    verdicts = [(trial, obstacle(trial, precision, max_error)) for trial in record.trials]
    able = [trial for trial, reason in verdicts if not reason]
    if not able:
        reasons = " ".join(f"{trial.name}: {reason}" for trial, reason in verdicts)
        raise UsageError(f"No engine here runs the model in {precision} as accurately as that. {reasons}")
    taken = _quickest(able, work)
    others = sorted((t for t in able if t is not taken), key=lambda trial: seconds(trial, work))
    left = tuple((trial, reason) for trial, reason in verdicts if reason)
    return Choice(taken, _why(taken, others, work), tuple(others), left)


def obstacle(trial: Trial, precision: str, max_error: float | None) -> str:
    """Why a trial is out of the question, as a sentence; empty if it is not.

    In float32 results have to be exact: within the promise of the project, whatever error is allowed. Otherwise no
    value may be off by more than `max_error` grey levels, nor all of them by an eighth of that on average: errors of
    rounding are far below that, a change of brightness is not.
    """
    if trial.reason:
        return trial.reason
    found = trial.deviation
    assert found is not None
    if found.wrong:
        return f"It {found.wrong}."
    if trial.precision == EXACT:
        share = f"It differs by {found.relative:.1e} of the range; {TOLERANCE:.0e} is the most that f32 may."
        return share if found.relative > TOLERANCE else ""
    bound = allowed(precision, max_error)
    if bound is None:
        return ""
    if found.largest > bound:
        return f"It is off by up to {found.largest:.2g} grey levels; {bound:g} are allowed (--max-error)."
    if found.mean > bound * AVERAGE:
        return (
            f"It is off by {found.mean:.2g} grey levels on average; {bound * AVERAGE:g} are allowed (--max-error / 8)."
        )
    return ""


def allowed(precision: str, max_error: float | None) -> float | None:
    """Grey levels; None for a precision that was asked for by name, without a bound."""
    if max_error is None and precision == "fast":
        return ALLOWED
    return max_error


def seconds(trial: Trial, work: Work) -> float:
    """For the work, the start included; for a megapixel if it is not known how much there is."""
    if work.megapixels is None:
        return trial.rate(work.factor)
    return trial.start + work.megapixels * trial.rate(work.factor)


def _quickest(able: Sequence[Trial], work: Work) -> Trial:
    """Of equally quick ones the exact one is taken, then the preferred one."""

    def place(trial: Trial) -> tuple[bool, int, str]:
        known = PREFERENCE.index(trial.engine) if trial.engine in PREFERENCE else len(PREFERENCE)
        return trial.precision != EXACT, known, trial.name

    exact = [trial for trial in able if trial.precision == EXACT]
    best = min(seconds(trial, work) for trial in able)
    if exact and min(seconds(trial, work) for trial in exact) < WORTH * best:
        able, best = exact, min(seconds(trial, work) for trial in exact)
    return min((trial for trial in able if seconds(trial, work) <= EQUAL * best), key=place)


def _why(taken: Trial, others: Sequence[Trial], work: Work) -> str:
    own = _figure(taken, work)
    unknown = work.factor is None and len(taken.rates) > 1
    means = " Which factor is wanted is not known: these are means over those that were measured." if unknown else ""
    if not others:
        return f"{taken.name} is the only one that runs the model here ({own}).{means}"
    second = others[0]
    ratio = seconds(second, work) / seconds(taken, work)
    if ratio < EQUAL:
        return f"{taken.name} takes {own}, which {second.name} hardly differs from ({_figure(second, work)}).{means}"
    return f"{taken.name} takes {own}, {second.name} {_figure(second, work)}: {ratio:.2g} times as long.{means}"


def _figure(trial: Trial, work: Work) -> str:
    if work.megapixels is None:
        return f"{seconds(trial, work) * 1e3:,.0f} ms for a megapixel"
    return f"{seconds(trial, work):,.2f} s for {work.megapixels:,.2f} megapixels"
