"""The first node of a file whose value is another on an engine than on ONNX Runtime.

A copy that computes only one inner value is loaded on the engine for each question; a search over the order of
computation asks few of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.artifact import Artifact
from pliant.bisection.flat import Flat, Step, cut, flatten
from pliant.bisection.values import compute
from pliant.contract import Contract, Output
from pliant.engines.base import load
from pliant.errors import PliantError, UnverifiedWarning
from pliant.verifier.compare import compare
from pliant.verifier.report import Finding

Answer = str | None  # why a value departs, empty if it agrees; None if the engine cannot be asked for it


@dataclass
class Probe:
    """Asks an engine for inner values of a graph, each once."""

    flat: Flat
    contract: Contract
    feeds: Mapping[str, NDArray[Any]]
    engine: str
    precision: str
    tolerance: float
    say: Callable[[str], None]
    expected: Mapping[str, Any]
    known: dict[str, Answer] = field(default_factory=dict)

    def __call__(self, name: str) -> Answer:
        """See `Answer`."""
        if name not in self.known:
            self.known[name] = self._ask(name)
        return self.known[name]

    def _ask(self, name: str) -> Answer:
        wanted = self.expected.get(name)
        if name in self.flat.inputs or name in self.flat.constants:
            return ""
        if not isinstance(wanted, np.ndarray):
            return None
        self.say(f"bisecting on {self.engine}: {name}")
        model = cut(self.flat, [name], self.expected, all_inputs=False)
        used = [value.name for value in model.graph.input]
        if not used:
            return ""
        try:
            got = self._run(model.SerializeToString(), used, name, wanted)
        except PliantError:
            return None
        return compare(np.asarray(got), wanted, self.tolerance, "ONNX Runtime").reason

    def _run(self, model: bytes, used: Sequence[str], name: str, wanted: NDArray[Any]) -> Any:
        contract = replace(
            self.contract,
            inputs=tuple(i for i in self.contract.inputs if i.name in used),
            outputs=(Output(name, wanted.dtype.name, ("?",) * wanted.ndim),),
            image=None,
            factor=None,
            scale=None,
            resizes=(),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnverifiedWarning)  # of a file that exists for one question
            session = load(Artifact(model, contract), self.engine, precision=self.precision)
        with session:
            return session(**{n: self.feeds[n] for n in used})


def engine_departure(
    model: bytes,
    contract: Contract,
    feeds: Mapping[str, NDArray[Any]],
    label: str,
    engine: str,
    precision: str,
    tolerance: float,
    say: Callable[[str], None],
) -> Finding | None:
    """The first node that departs for one input, `label` in words; None if no inner value can be found that does.

    A function is opened if the engine still departs with the function written out.
    """
    flat = flatten(model, stays=lambda node: True)
    functions = {(f.domain, f.name) for f in flat.model.functions}

    def probe_of(graph: Flat) -> Probe:
        expected = compute(graph, feeds, contract).found
        return Probe(graph, contract, feeds, engine, precision, tolerance, say, expected)

    probe = probe_of(flat)
    step = first_departing(probe)
    if step is None:
        return None
    found = _finding(step, probe, label, engine)
    while (step.node.domain, step.node.op_type) in functions:
        opened = set(step.outputs)
        before = flat.stays
        flat = flatten(model, stays=lambda node, opened=opened, before=before: before(node) and _kept(node, opened))
        probe = probe_of(flat)
        inner = first_departing(probe)
        if inner is None or not inner.inside:
            break
        step, found = inner, _finding(inner, probe, label, engine)
    return found


def _kept(node: Any, opened: set[str]) -> bool:
    return not opened.intersection(node.output)


def first_departing(probe: Probe) -> Step | None:
    """The first step whose value departs while what it reads agrees, as far as the engine can be asked."""
    steps = list(probe.flat.steps)
    bad = _last(steps, probe)
    while bad is not None:
        bad = _narrowed(steps, bad, probe)
        maker = {name: k for k, step in enumerate(steps) for name in step.outputs}
        sources = [maker[name] for name in steps[bad].reads if name in maker and probe(name)]
        if not sources:
            return steps[bad]
        bad = min(sources)
    return None


def _last(steps: Sequence[Step], probe: Probe) -> int | None:
    """The step of an output that departs."""
    outputs = [k for k, step in enumerate(steps) if set(step.outputs) & set(probe.flat.outputs)]
    return next((k for k in outputs if _departs(steps[k], probe)), None)


def _narrowed(steps: Sequence[Step], bad: int, probe: Probe) -> int:
    """An index up to `bad` that departs while the one that was asked before it does not."""
    needed = _needed(steps, bad)
    low, high = -1, len(needed) - 1
    while high - low > 1:
        middle = _askable(steps, needed, low, high, probe)
        if middle is None:
            break
        if _departs(steps[needed[middle]], probe):
            high = middle
        else:
            low = middle
    return needed[high]


def _askable(steps: Sequence[Step], needed: Sequence[int], low: int, high: int, probe: Probe) -> int | None:
    """Of the places between, the one nearest to the middle that the engine can be asked about."""
    middle = (low + high) // 2
    for k in sorted(range(low + 1, high), key=lambda k: abs(k - middle)):
        if any(probe(name) is not None for name in steps[needed[k]].outputs):
            return k
    return None


def _departs(step: Step, probe: Probe) -> bool:
    return any(probe(name) for name in step.outputs)


def _needed(steps: Sequence[Step], last: int) -> list[int]:
    """Indices of the steps that `last` depends on, in order, itself included."""
    names, found = set(steps[last].outputs), []
    for k in range(last, -1, -1):
        if names.intersection(steps[k].outputs):
            found.append(k)
            names.update(steps[k].reads)
    return found[::-1]


def _finding(step: Step, probe: Probe, label: str, engine: str) -> Finding:
    name = next((n for n in step.outputs if probe(n)), "")
    difference = f"on {engine} {probe(name) or 'departs'}"
    return Finding(step.name, step.op, name, difference, label, step.inside, step.source)
