"""The networks that a model comes to, each with the ranges of its inputs.

Where a network depends on values (a branch, a loop, a factor that is no fraction), there is one for each outcome, and a
question that says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.errors import InputError, LoweringError
from pliant.lowering.dialect import Dialect
from pliant.lowering.lower import Network, Undecided, decided, infer, lower
from pliant.lowering.margins import margin_of
from pliant.lowering.precision import halved, halved_body
from pliant.lowering.runtime import Prologue
from pliant.lowering.tensorrt.dialect import check_body
from pliant.lowering.tensorrt.points import Point

FEW = 64  # elements of a tensor that can be a list of sizes
MOST = 16  # outcomes that are planned for


@dataclass(frozen=True)
class Range:
    """What an input can be. `shapes` are (smallest, likely, largest), and so are `values` where it may hold sizes."""

    dtype: str
    shapes: tuple[tuple[int, ...], ...]
    values: tuple[tuple[int, ...], ...] | None = None

    def with_(self, other: Range) -> Range:
        """The range that holds both; the likely place stays."""
        shapes = _joined(self.shapes, other.shapes)
        values = _joined(self.values, other.values) if self.values and other.values else self.values or other.values
        return Range(self.dtype, shapes, values)

    def holds(self, array: Array, sizes: bool) -> bool:
        """Whether `array` lies within; its content too if it holds `sizes`."""
        low, _, high = self.shapes
        fits = len(low) == array.ndim and all(a <= n <= b for a, n, b in zip(low, array.shape, high, strict=True))
        if not fits or not sizes or self.values is None:
            return fits
        least, _, most = self.values
        return all(a <= n <= b for a, n, b in zip(least, array.reshape(-1).tolist(), most, strict=True))


@dataclass(frozen=True)
class Planned:
    """A network, None if sizes and values alone give all results, and the ranges of its inputs."""

    network: Network
    prologue: Prologue | None
    ranges: Mapping[str, Range]

    def feeds(self, given: Mapping[str, Array]) -> dict[str, Any]:
        """The arguments of a call with what is computed beforehand. Raises InputError where that is not possible."""
        return {**given, **(self.prologue(given) if self.prologue else {})}


@dataclass
class Choice:
    """A network for each outcome of `question`; `cases` are the outcomes that were met, by their key."""

    undecided: Undecided
    question: Prologue
    answers: dict[bytes, dict[str, Array]] = field(default_factory=dict[bytes, Any])
    cases: dict[bytes, Planned | Choice] = field(default_factory=dict[bytes, Any])


Plan: TypeAlias = Planned | Choice


def key_of(answers: Mapping[str, Array]) -> bytes:
    """Under what the outcome of a question is kept."""
    return b"|".join(repr(a.shape).encode() + a.tobytes() for a in answers.values())


def plan(
    model: ir.Model, contract: Contract, dialect: Dialect, points: Sequence[Point], precision: str = "f32"
) -> Plan:
    """The networks that `points` lead to, which compute in `precision`, "f32" or "f16". `model` is changed.

    Raises LoweringError if one of them is not what TensorRT accepts, or cannot be computed at any point.
    """
    lowered = lower(model, contract, dialect)
    if isinstance(lowered, Network):
        if precision == "f16" and lowered.body is not None:
            _halve(lowered.body, lowered.prologue, contract)
        return _planned(lowered, dialect, points)
    choice = Choice(lowered, Prologue(lowered.question))
    groups: dict[bytes, list[Point]] = {}
    for point, answers in _answered(choice.question, points):
        key = key_of(answers)
        choice.answers.setdefault(key, answers)
        groups.setdefault(key, []).append(point)
    if not groups:
        raise _impossible()
    for key, led in list(groups.items())[:MOST]:
        choice.cases[key] = plan(decided(lowered, choice.answers[key]), contract, dialect, led, precision)
    return choice


def _answered(question: Prologue, points: Iterable[Point]) -> Iterable[tuple[Point, dict[str, Array]]]:
    for point in points:
        if (answers := _computed(question, point.feeds)) is not None:
            yield point, answers


def _computed(prologue: Prologue, given: Mapping[str, Array]) -> dict[str, Any] | None:
    """What is computed beforehand; None if the model takes no such sizes and values."""
    try:
        return prologue(given)
    except InputError:
        return None


def _halve(body: ir.Model, prologue: ir.Model | None, contract: Contract) -> None:
    """Float16 where it holds. A network for one outcome may not accept the examples; then what is known must do."""
    infer(body)
    try:
        halved_body(body, Prologue(prologue) if prologue is not None else None, contract)
    except InputError:
        halved(body)


def _impossible() -> LoweringError:
    return LoweringError(
        "TensorRT plans for ranges of sizes and values, and the model can be computed at none of those tried: declare "
        "the dims and values it takes when it is exported."
    )


def _planned(network: Network, dialect: Dialect, points: Sequence[Point]) -> Planned:
    prologue = Prologue(network.prologue) if network.prologue is not None else None
    if network.body is None:
        return Planned(network, prologue, {})
    check_body(network.body, dialect)
    names = [str(v.name) for v in network.body.graph.inputs]
    seen, likely = _seen(prologue, names, points)
    if not seen:
        raise _impossible()
    ranges = {n: _range(v, [s[n] for s in seen], likely) for n, v in zip(names, network.body.graph.inputs, strict=True)}
    _know_ranks(network.body.graph, ranges)
    return Planned(network, prologue, ranges)


def _seen(prologue: Prologue | None, names: Sequence[str], points: Sequence[Point]) -> tuple[list[dict[str, Any]], int]:
    """What the inputs called `names` are at the points that the model takes, and which of them is the likely one."""
    seen: list[dict[str, Any]] = []
    likely = 0
    for point in points:
        results = _computed(prologue, point.feeds) if prologue else {}
        if results is None:
            continue
        feeds: dict[str, Any] = {**point.feeds, **results}
        if any(0 in feeds[name].shape for name in names):
            continue  # an empty tensor is no work for a network
        likely = len(seen) if point.likely else likely
        seen.append({name: feeds[name] for name in names})
    return seen, likely


def _range(value: ir.Value, seen: list[Array], likely: int) -> Range:
    shapes = np.array([a.shape for a in seen], np.int64)
    ends = _ends(shapes, likely)
    if seen[0].dtype.kind not in "iub" or any(a.size > FEW or a.shape != seen[0].shape for a in seen):
        return Range(seen[0].dtype.name, ends)
    least, middle, most = _ends(np.array([a.reshape(-1) for a in seen], np.int64), likely)
    if margin := margin_of(value):
        least = tuple(max(margin.least, n - margin.margin) for n in least)
        most = tuple(n + margin.margin for n in most)
    return Range(seen[0].dtype.name, ends, (least, middle, most))


def _ends(rows: Array, likely: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(n) for n in row) for row in (rows.min(0), rows[likely], rows.max(0)))


def _joined(a: tuple[tuple[int, ...], ...], b: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(map(min, a[0], b[0])), a[1], tuple(map(max, a[2], b[2]))


def _know_ranks(graph: ir.Graph, ranges: Mapping[str, Range]) -> None:
    """Give the inputs of a graph the ranks they have, which TensorRT has to know."""
    for value in graph.inputs:
        if value.shape is None:
            value.shape = ir.Shape([None] * len(ranges[str(value.name)].shapes[0]))
