"""Showing that nothing was lost on the way: no input dangling, no live axis or value frozen, every number equal.

The traced program is searched for what was specialised; then the file is run in ONNX Runtime against eager
PyTorch on sizes and values it was not made from, among them sizes that break what tracing assumed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
import sympy
import torch
from numpy.typing import NDArray
from torch import nn
from torch.export import ExportedProgram

from pliant.artifact import Artifact
from pliant.capture.paths import Assumption
from pliant.contract import Contract, Input
from pliant.engines.base import Session, load
from pliant.errors import AuditError, PliantError
from pliant.exporter.formulas import Symbols, placeholders
from pliant.exporter.guards import Guard, breaking, guards, left_out, smallest_holding
from pliant.exporter.patience import at_most
from pliant.exporter.reference import Reference, eager, in_double, rounding_alone, threads_for
from pliant.exporter.signature import Signature
from pliant.exporter.thresholds import thresholds
from pliant.exporter.ties import culprit, tied, ties, unequal
from pliant.exporter.trials import choices, disagreeing, example_lengths, realistic, sized
from pliant.verifier.cases import ENOUGH, FIRST, Case, around, at, edges, fill, room
from pliant.verifier.compare import Difference, compare_all

PLAIN = 25  # operations in a guard of a library's; longer ones say the same as shorter ones
MOST_READ = 60
MOST_GUARDS = 10  # of those in libraries, which are about memory layout mostly
MOST_THRESHOLDS = 4  # constants that live values are compared with; three cases for each
THUMBNAIL = (11, 14)  # sides of a picture
LEAST_PATIENCE = 5.0  # seconds
RANDOM = "differs from PyTorch, which differs from itself: the model draws random numbers, so nothing can be shown"
TRIES = 8  # lengths that break a guard, until PyTorch accepts one


@dataclass(frozen=True)
class Outcome:
    """One case that was run.

    `difference` is None where eager PyTorch itself refuses the arguments, does not end, or gives nothing or NaN.
    """

    case: Case
    difference: Difference | None


def check_live(program: ExportedProgram, inputs: Sequence[Input], symbols: Symbols, dangling: Sequence[str]) -> None:
    """Raise AuditError if an input reaches no output, or a live axis or value was specialised to one number."""
    if dangling:
        raise AuditError(
            f"Input {dangling[0]!r} does not reach any output: the model does not use it, or it was frozen on the way. "
            "Leave it out of the arguments, or use it in the model."
        )
    for node, entry in zip(placeholders(program), inputs, strict=True):
        for axis, (length, dim) in enumerate(zip(node.meta["val"].shape, entry.dims, strict=True)):
            if dim.live and not isinstance(length, torch.SymInt):
                raise AuditError(
                    f"The live axis {dim.name!r} (axis {axis} of {entry.name!r}) was specialised to {length}"
                    f"{_culprit(program, symbols, int(length))}. Use it in the model without turning it into a fixed "
                    f'number, or declare it fixed: dims={{"{entry.name}": "... {length} ..."}}.'
                )

    for symbol, limits in program.range_constraints.items():
        name = symbols.names.get(str(symbol), "")
        if limits.lower == limits.upper and str(symbol) not in symbols.axes and name:
            raise AuditError(
                f"The live value {name!r} was specialised to {limits.lower}"
                f"{_culprit(program, symbols, limits.lower)}: the model checks that it is this number. Remove the "
                "check, or pass the number as part of the model."
            )


def _culprit(program: ExportedProgram, symbols: Symbols, length: Any) -> str:
    lines = [g.line for g in guards(program, symbols) if g.line and str(length) in str(g.condition)]
    return f" at {lines[0]}" if lines else ""


def check_numbers(
    module: nn.Module,
    signature: Signature,
    program: ExportedProgram,
    symbols: Symbols,
    artifact: Artifact,
    assumptions: Sequence[Assumption] = (),
) -> tuple[Contract, list[Outcome]]:
    """Run the file against eager PyTorch; raise AuditError at the first difference.

    Returns the contract and what was run, also the cases that PyTorch refuses. The contract is the artifact's, but
    narrower where the file is right only there: a minimum where it is wrong below some length, one name where the
    model needs two axes to be equal.
    """
    reference = eager(module, signature)
    chosen = {name: elements[0] for name, elements in choices(artifact.contract).items()}
    example = fill(artifact.contract, example_lengths(artifact.contract, signature), chosen, seed=7)
    try:
        threads = threads_for(reference, realistic(example, signature))
        session = load(artifact, "onnxruntime", threads=threads)
    except PliantError as error:
        raise AuditError(f"The exported file does not load: {error}") from error
    check = _Check(session, reference, in_double(module, signature), signature)
    found = [*left_out(assumptions, symbols), *guards(program, symbols)]
    with session:  # what tracing assumed comes first: those messages name a line
        contract = check.ties(artifact.contract, symbols, found)
        contract = check.guards(contract, symbols, found)
        check.sizes(contract)
        for case in disagreeing(contract, signature):
            check.run(case, contract)
        check.values(contract)
        contract = check.edges(contract, thresholds(program, symbols)[:MOST_THRESHOLDS])
    _check_coverage(contract, check.outcomes)
    if check.rounding:
        note = f"Rounding changes PyTorch's own result by up to {check.rounding:.0e} here, and the file's as much."
        contract = replace(contract, notes=(*contract.notes, note))
    return contract, check.outcomes


@dataclass
class _Check:
    """One file under audit: `run` compares a case, the other methods choose cases."""

    session: Session
    eager: Reference
    exact: Reference
    signature: Signature
    rounding: float = 0.0  # what rounding does to PyTorch's own result, where that explained a difference
    outcomes: list[Outcome] = field(default_factory=list)
    patience: float = 600.0  # seconds for the model itself; much less once it is known how long it takes

    def run(self, case: Case, contract: Contract, guard: Guard | None = None) -> bool:
        """Whether PyTorch accepts the case. Raises AuditError if it does and the file differs."""
        begun = time.monotonic()
        try:
            with at_most(self.patience):
                expected = self.eager(case)
        except Exception as refusal:  # noqa: BLE001 - any error of the model's means: outside what it accepts
            del refusal
            expected = []
        if all(not array.size for array in expected):
            self.outcomes.append(Outcome(case, None))
            return False
        self.patience = min(self.patience, max(LEAST_PATIENCE, 100 * (time.monotonic() - begun)))
        try:
            got = self.session(**case.arrays)
        except PliantError as error:
            raise AuditError(_difference(case, f"fails in ONNX Runtime ({_short(error)})", contract, guard)) from error
        results = got if isinstance(got, tuple) else (got,)
        difference = compare_all(results, expected)
        if not difference.agrees and any(a.dtype.kind == "f" and np.isnan(a).any() for a in expected):
            self.outcomes.append(Outcome(case, None))  # 0 / 0 at a single pixel, say: no result that anybody wants
            return False
        if not difference.agrees:
            difference = self._explained(case, results, expected, difference, contract, guard)
        self.outcomes.append(Outcome(case, difference))
        return True

    def _explained(
        self,
        case: Case,
        results: Sequence[NDArray[Any]],
        expected: Sequence[NDArray[Any]],
        difference: Difference,
        contract: Contract,
        guard: Guard | None,
    ) -> Difference:
        """A difference that is PyTorch's own rounding. Raises AuditError for any other."""
        again = compare_all(self.eager(case), expected)
        if not again.agrees:
            reason = f"{RANDOM} ({again.reason} between two calls)"
            raise AuditError(_difference(case, reason, contract, guard))
        rounding = rounding_alone(self.eager, self.exact, case, results, expected)
        if not rounding:
            raise AuditError(_difference(case, difference.reason, contract, guard))
        self.rounding = max(self.rounding, rounding)
        return replace(difference, reason="")

    def case(self, contract: Contract, lengths: dict[str, int]) -> Case:
        """A case at these lengths with the values of the example."""
        fixed = {entry.name: entry.example for entry in contract.inputs if entry.role == "value"}
        return realistic(fill(contract, lengths, fixed, seed=7), self.signature)

    def sizes(self, contract: Contract) -> None:
        """Other sizes with a rotating choice of values, until the model has accepted enough of them."""
        accepted = 0
        for k, case in enumerate(sized(contract, self.signature)):
            if k >= FIRST and accepted >= ENOUGH:
                break
            accepted += self.run(case, contract)

    def values(self, contract: Contract) -> None:
        """Every value, on a small picture if the model takes it, else at the lengths of the example."""
        example, tried = example_lengths(contract, self.signature), choices(contract)
        for k in range(1, max((len(c) for c in tried.values()), default=1)):
            chosen = {name: c[k % len(c)] for name, c in tried.items()}
            for lengths in (at(contract, example, THUMBNAIL), example):
                if self.run(realistic(fill(contract, lengths, chosen, seed=100 + k), self.signature), contract):
                    break

    def value(self, contract: Contract, name: str, elements: tuple[float, ...]) -> bool:
        """Whether PyTorch accepts a value, the others as in the example. Raises AuditError if the file differs."""
        lengths = room(contract, example_lengths(contract, self.signature), contract.input(name), elements)
        if lengths is None:
            return False
        chosen = {entry.name: entry.example for entry in contract.inputs if entry.role == "value"} | {name: elements}
        return self.run(realistic(fill(contract, lengths, chosen, seed=11), self.signature), contract)

    def edges(self, contract: Contract, compared: Sequence[tuple[str, float]]) -> Contract:
        """The ends of every range, zero and negative values, and both sides of the constants in `compared`.

        Those are (name of a value, constant). Where nobody has declared a range and the file is wrong at zero or below
        it, the range gets a minimum.
        """
        for entry in [entry for entry in contract.inputs if entry.role == "value"]:
            constants = [constant for name, constant in compared if name.partition("[")[0] == entry.name]
            previous = None
            for elements in sorted({*edges(entry), *around(entry, constants)}, reverse=True):
                try:
                    self.value(contract, entry.name, elements)
                except AuditError:
                    open_ended = entry.values.minimum is None and max(elements) <= 0 < min(entry.example)
                    if previous is None or not open_ended:
                        raise
                    contract = _from(contract, entry, min(previous))
                    break
                previous = elements
        return contract

    def ties(self, contract: Contract, symbols: Symbols, found: list[Guard]) -> Contract:
        """Axes that tracing took for equal get one name if PyTorch refuses to have them unequal."""
        example = example_lengths(contract, self.signature)
        result = contract
        for group in ties(contract, symbols):
            guard = culprit(group, found, set(symbols.axes))
            accepted = [self.run(self.case(contract, lengths), contract, guard) for lengths in unequal(group, example)]
            if not any(accepted):
                result = tied(result, group)
        return result

    def guards(self, contract: Contract, symbols: Symbols, found: list[Guard]) -> Contract:
        """Every guard is broken at a length that PyTorch accepts; all in the user's source, a few in libraries'."""
        example = example_lengths(contract, self.signature)
        base = {s: example[symbols.names[s]] for s in symbols.axes if symbols.names[s] in example}
        own = [guard for guard in found if guard.line]
        plain = [guard for guard in found if not guard.line and sympy.count_ops(guard.condition) <= PLAIN][:MOST_READ]
        others = [guard for guard in plain if any(True for _ in breaking(guard, base))]
        done: set[tuple[int, ...]] = set()
        for guard in [*own, *others[:MOST_GUARDS]]:
            for lengths in self._broken(guard, base, example, symbols, contract):
                if tuple(lengths.values()) in done:
                    break
                case = self.case(contract, lengths)
                if not _admitted(case, contract):
                    continue
                try:
                    accepted = self.run(case, contract, guard)
                except AuditError:
                    narrower = _narrowed(contract, guard, case, symbols, self.signature)
                    if narrower is None:
                        raise
                    contract, accepted = narrower, True
                if accepted:
                    done.add(tuple(lengths.values()))
                    break
        return contract

    def _broken(
        self, guard: Guard, base: dict[str, int], example: dict[str, int], symbols: Symbols, contract: Contract
    ) -> Iterator[dict[str, int]]:
        """Lengths by name that break a guard, each first with a small picture along what it does not mention."""
        mentioned = {symbols.names.get(str(s)) for s in guard.condition.free_symbols}
        small = at(contract, example, THUMBNAIL)
        for drawn in islice(breaking(guard, base), TRIES):
            lengths = example | {symbols.names[s]: n for s, n in drawn.items()}
            smaller = {n: length if n in mentioned else min(length, small[n]) for n, length in lengths.items()}
            yield smaller
            if smaller != lengths:
                yield lengths
        return contract


def _from(contract: Contract, entry: Input, least: float) -> Contract:
    """The contract with a minimum for a value."""
    narrower = replace(entry, values=replace(entry.values, minimum=least))
    inputs = tuple(narrower if i.name == entry.name else i for i in contract.inputs)
    note = f"{entry.name} is at least {least:g}: below it the file is not what PyTorch computes."
    return replace(contract, inputs=inputs, notes=(*contract.notes, note))


def _admitted(case: Case, contract: Contract) -> bool:
    shapes = ((entry, case.arrays[entry.name].shape) for entry in contract.inputs)
    pairs = (pair for entry, shape in shapes for pair in zip(shape, entry.dims, strict=True))
    return all(dim.minimum <= length <= (dim.maximum or length) for length, dim in pairs)


def _narrowed(contract: Contract, guard: Guard, case: Case, symbols: Symbols, signature: Signature) -> Contract | None:
    """The contract with a minimum for the one axis that `guard` is about.

    None if a minimum does not help, or would exclude the caller's own example.
    """
    if len(guard.condition.free_symbols) != 1:
        return None
    (symbol,) = (str(s) for s in guard.condition.free_symbols)
    name = symbols.names.get(symbol, "")
    failed = [a.shape[axis] for k, axis in symbols.axes.get(symbol, []) for a in [list(case.arrays.values())[k]]]
    least = smallest_holding(guard)
    if not failed or least is None or failed[0] >= least or least > signature.lengths[name]:
        return None
    inputs = tuple(
        replace(
            entry, dims=tuple(replace(d, minimum=max(d.minimum, least)) if d.name == name else d for d in entry.dims)
        )
        for entry in contract.inputs
    )
    why = f" (decided at {guard.line})" if guard.line else ""
    note = f"{name} is at least {least}: the model treats smaller ones in another way{why}."
    return replace(contract, inputs=inputs, notes=(*contract.notes, note))


def _difference(case: Case, reason: str, contract: Contract, guard: Guard | None) -> str:
    text = f"The exported file is wrong at {case.label}: it {reason}."
    if guard is not None and guard.line:
        return (
            f"{text}\n  at {guard.line}\n  Reason: this line decided on a shape while the model was traced, and only "
            f"the way taken for the example is in the file (assumed: {guard.text}).\n  Fix: write the step so that it "
            "is right for every size, for example pad by (-h) % 4 without asking whether h % 4 is 0."
        )
    if guard is not None:
        text += f"\n  Reason: tracing assumed {guard.text}, which does not hold here."
    live = [d.name for entry in contract.inputs for d in entry.dims if d.live] + [
        entry.name for entry in contract.inputs if entry.role == "value"
    ]
    advice = f"find where the model turns one of {live} into a fixed number; declare it fixed if it is meant to be"
    return f"{text}\n  Fix: {advice}."


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _check_coverage(contract: Contract, outcomes: Sequence[Outcome]) -> None:
    """A live axis or value that could be tried at one length or value only proves nothing."""
    ran = [o.case.arrays for o in outcomes if o.difference is not None]
    for entry in contract.inputs:
        if entry.role == "value" and len({a[entry.name].tobytes() for a in ran}) < 2:
            raise AuditError(
                f"The live value {entry.name!r} could be tried at one value only: the model refuses the others. "
                f'Give the range it accepts: values={{"{entry.name}": (low, high)}}, or fix it in the model.'
            )
        for axis, dim in enumerate(entry.dims):
            if dim.live and dim.minimum != dim.maximum and len({a[entry.name].shape[axis] for a in ran}) < 2:
                raise AuditError(
                    f"The live axis {dim.name!r} of {entry.name!r} could be tried at one length only: the model "
                    "refuses the others. Declare it fixed with dims, or give an example of a length that it accepts."
                )
