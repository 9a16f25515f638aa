"""The first step of a file whose value is not that of a trusted graph for the same model.

Both graphs are run on ONNX Runtime with every value exposed. A step is at fault if what it reads agrees, what it makes
does not, and the error reaches an output. An If or a Loop at fault is opened, and the search goes on inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.bisection.align import Alignment, align, attributes, differences
from pliant.bisection.flat import Flat, Step, branch, flatten, iteration
from pliant.bisection.values import Values, compute
from pliant.contract import Contract
from pliant.verifier.compare import compare
from pliant.verifier.report import Finding

TIGHT = 1e-5  # of the range, between graphs that are alike: the same operators on the same engine
LOOSE = 1e-4  # between graphs that are not
ALIKE = 0.9  # share of steps that have their name in common in graphs that are alike
MOST_ITERATIONS = 8
DEPTH = 6
DATA_RANK = 3  # numbers of lower rank are sizes and factors: in graphs that are not alike they match nothing
LAYOUT = {
    "Cast",
    "Concat",
    "Expand",
    "Flatten",
    "Gather",
    "Identity",
    "Pad",
    "Reshape",
    "Slice",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
}  # fmt: skip - steps that move numbers and compute none: other graphs do without


@dataclass
class _Pair:
    """Two graphs with their values, for one input."""

    given: Flat
    trusted: Flat
    got: Values
    expected: Values
    alignment: Alignment

    @classmethod
    def of(cls, given: Flat, trusted: Flat, feeds: Mapping[str, NDArray[Any]], contract: Contract) -> _Pair:
        renamed = dict(zip(trusted.inputs, (feeds[n] for n in _order(given, trusted)), strict=False))
        got, expected = compute(given, feeds, contract), compute(trusted, renamed, contract)
        return cls(given, trusted, got, expected, align(given, trusted))

    @property
    def alike(self) -> bool:
        return self.alignment.by_name >= ALIKE * len(self.given.steps)

    def reason(self, name: str) -> str:
        """Why a value of the given graph does not agree, or an empty text. What cannot be compared agrees."""
        if name not in self.got.found:
            return "could not be computed"
        value = self.got.found[name]
        if not isinstance(value, np.ndarray):
            return ""
        tolerance = TIGHT if self.alike else LOOSE
        twin = self.alignment.values.get(name)
        if twin is not None and isinstance(wanted := self.expected.found.get(twin), np.ndarray):
            return _compared(value, wanted, tolerance)
        if twin is not None or value.ndim < DATA_RANK or value.dtype.kind != "f":
            return ""
        others = [v for v in self.expected.found.values() if isinstance(v, np.ndarray) and v.shape == value.shape]
        return "" if any(not _compared(value, o, LOOSE) for o in others) else "is none that the trusted graph computes"


def _order(given: Flat, trusted: Flat) -> tuple[str, ...]:
    return trusted.inputs if set(given.inputs) == set(trusted.inputs) else given.inputs


def _compared(value: NDArray[Any], wanted: NDArray[Any], tolerance: float) -> str:
    if value.dtype.kind not in "fiub" or wanted.dtype.kind not in "fiub":
        return "" if np.array_equal(value, wanted) else "differs from the trusted graph"
    if value.dtype.kind in "iub" and wanted.dtype.kind in "iub" and value.shape == wanted.shape:
        if np.array_equal(value, wanted):
            return ""
        return f"is {_few(value)}, and {_few(wanted)} in the trusted graph"
    return compare(value, wanted, tolerance, "the trusted graph").reason


def _few(value: NDArray[Any]) -> str:
    flat = value.reshape(-1)[:8].tolist()
    return str(flat[0] if value.size == 1 else flat)


def departure(
    given: bytes, trusted: bytes, feeds: Mapping[str, NDArray[Any]], contract: Contract, label: str
) -> Finding | None:
    """The first step at fault for one input, `label` in words; None if all values agree.

    `feeds` has an array for every input of the given file, whose inputs are those of the trusted one in order.
    """
    return _search(flatten(given), flatten(trusted), feeds, contract, label, start=0, depth=0)


def _search(
    given: Flat,
    trusted: Flat,
    feeds: Mapping[str, NDArray[Any]],
    contract: Contract,
    label: str,
    start: int,
    depth: int,
) -> Finding | None:
    pair = _Pair.of(given, trusted, feeds, contract)
    at = _first(pair, start)
    if at is None:
        return None
    step = given.steps[at]
    twin = pair.alignment.steps.get(at)
    if depth < DEPTH and twin is not None and trusted.steps[twin].op == step.op and step.op in ("If", "Loop"):
        for one, other in _opened(pair, at, twin):
            inner = _search(one, other, feeds, contract, label, start=at, depth=depth + 1)
            if inner is not None:
                return inner
    return _finding(pair, at, twin, label)


def _opened(pair: _Pair, at: int, twin: int) -> list[tuple[Flat, Flat]]:
    """The two graphs with the If or Loop opened; a Loop with more and more of its iterations."""
    step, other = pair.given.steps[at], pair.trusted.steps[twin]
    if step.op == "If":
        name = other.node.input[0]
        value = pair.expected.found.get(name)
        if not isinstance(value, np.ndarray):
            value = _constant(pair.trusted, name)
        which = "then" if value is not None and bool(np.asarray(value).reshape(-1)[0]) else "else"
        return [(branch(pair.given, at, which), branch(pair.trusted, twin, which))]
    return [(iteration(pair.given, at, k), iteration(pair.trusted, twin, k)) for k in range(1, _trips(pair, other) + 1)]


def _trips(pair: _Pair, loop: Step) -> int:
    """How many iterations to look into: those that the loop has, a few at most."""
    name = loop.node.input[0]
    value = pair.expected.found.get(name) if name else None
    if value is None and name in pair.trusted.constants:
        value = _constant(pair.trusted, name)
    return MOST_ITERATIONS if value is None else min(int(np.asarray(value).reshape(-1)[0]), MOST_ITERATIONS)


def _constant(flat: Flat, name: str) -> NDArray[Any] | None:
    from onnx import numpy_helper

    return numpy_helper.to_array(flat.constants[name]) if name in flat.constants else None


def _first(pair: _Pair, start: int) -> int | None:
    """The index of the first step at fault, among those from `start` on."""
    reasons = {name: pair.reason(name) for step in pair.given.steps for name in step.outputs}
    guilty = _reaching(pair, reasons, whole=start == 0)
    for at, step in enumerate(pair.given.steps):
        if at < start:
            continue
        if at == pair.got.failed and not any(reasons.get(name) for name in step.reads):
            return at
        wrong = [name for name in step.outputs if reasons[name]]
        if not wrong or any(reasons.get(name) for name in step.reads):
            continue
        if at in pair.alignment.steps:
            if guilty is None or guilty.intersection(wrong):
                return at
        elif step.op in LAYOUT:
            reasons |= dict.fromkeys(step.outputs, "")  # the step that makes use of it will tell
        elif guilty is None or guilty.intersection(wrong):
            return at
    return None


def _reaching(pair: _Pair, reasons: Mapping[str, str], *, whole: bool) -> set[str] | None:
    """The values from which an error reaches an output, through values that do not agree; None if any may.

    Where the run failed there is nothing after the failure, and a part of a graph that was opened has no outputs.
    """
    if not whole or pair.got.failed is not None:
        return None
    reached = {name for name in pair.given.outputs if reasons.get(name)}
    if not reached:
        return None
    for step in reversed(pair.given.steps):
        if reached.intersection(step.outputs):
            reached.update(name for name in step.reads if reasons.get(name))
    return reached


def _alone(step: Step) -> str:
    """What is known of a step that has no like in the trusted graph."""
    told = ", ".join(f"{name} {value}" for name, value in attributes(step).items())
    return f"No node of the trusted graph corresponds to it; its attributes: {told or 'none'}."


def _finding(pair: _Pair, at: int, twin: int | None, label: str) -> Finding:
    step = pair.given.steps[at]
    wrong = next((name for name in step.outputs if pair.reason(name)), step.outputs[0] if step.outputs else "")
    difference = pair.reason(wrong) if wrong else ""
    if at == pair.got.failed:
        difference = f"could not be computed ({pair.got.reason.rstrip('.')})"
    source, causes = step.source, [_alone(step)]
    if twin is not None:
        other = pair.trusted.steps[twin]
        source = source or other.source
        causes = differences(step, pair.given, other, pair.trusted, pair.alignment.values)
    return Finding(step.name, step.op, wrong, difference or "departs", label, step.inside, source, tuple(causes))
