"""The cases of one contract: what a file is verified on when nothing but its contract is known.

Lengths begin at one that nearly every network takes; ends of every range, both sides of the constants that the graph
compares with, and lengths whose product with a factor float32 gets wrong follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod

from pliant.contract import Contract, Dim, Input
from pliant.graph import Graph
from pliant.verifier.cases import FIRST, Case, around, at, disagreements, edges, fill, fitted, room, sizes, values

BASE = (32, 48)  # a multiple of what most window-based networks ask for
COMPARING = ("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal")
MOST_THRESHOLDS = 4


def drawn(contract: Contract, thresholds: Sequence[float] = ()) -> Iterator[tuple[Case, bool]]:
    """Cases, all different, and whether each is one of the sizes that only models ask for which refuse others.

    Which of them a model accepts only the model can say.
    """
    lengths = base(contract)
    live = [entry for entry in contract.inputs if entry.role == "value"]
    choices = {entry.name: values(example_of(entry)) for entry in live}
    for k, drawn_lengths in enumerate(sizes(contract, lengths)):
        yield fill(contract, drawn_lengths, {n: c[k % len(c)] for n, c in choices.items()}, seed=k), k >= FIRST
    for k in range(1, max((len(c) for c in choices.values()), default=1)):
        yield fill(contract, lengths, {n: c[k % len(c)] for n, c in choices.items()}, seed=100 + k), False
    usual = {entry.name: example_of(entry).example for entry in live}
    for entry in map(example_of, live):
        for elements, pair in disagreements(entry) if lengths else ():
            yield fill(contract, at(contract, lengths, pair), usual | {entry.name: elements}, seed=50), False
        for elements in dict.fromkeys([*edges(entry), *around(entry, thresholds)]):
            where = room(contract, lengths, entry, elements)
            if where is not None:
                yield fill(contract, where, usual | {entry.name: elements}, seed=11), False


def base(contract: Contract) -> dict[str, int]:
    """A length for every live dim, within its bounds: 1 for a batch, 32 and 48 in turn for the others."""
    names: dict[str, int] = {}
    turn = 0
    for entry in contract.inputs:
        for axis, dim in enumerate(entry.dims):
            if dim.name is not None and dim.name not in names:
                wanted = 1 if axis == 0 else BASE[turn % 2]
                turn += axis != 0
                names[dim.name] = fitted(dim, wanted)
    return names


def compared(graph: Graph) -> list[float]:
    """Constants that the graph compares a number with, from small to large, a few of them."""
    found: set[float] = set()
    for body in (graph.body, *graph.functions.values()):
        for node in body.all_nodes():
            if node.op in COMPARING and not node.domain:
                constants = (body.constant(name) for name in node.inputs)
                found.update(c.values[0] for c in constants if c is not None and c.values and len(c.values) == 1)
    return sorted(found)[:MOST_THRESHOLDS]


def named(contract: Contract) -> Contract:
    """The contract with a name that is a Python identifier for every live dim; those without one all differ."""
    known: dict[str, str] = {}

    def name(dim: Dim, entry: Input, axis: int) -> Dim:
        if not dim.live or (dim.name or "").isidentifier():
            return dim
        other = known.setdefault(dim.name, f"d{len(known)}") if dim.name else f"{entry.name}_{axis}"
        return replace(dim, name=other if other.isidentifier() else f"d{len(known)}_{axis}")

    inputs = tuple(replace(e, dims=tuple(name(d, e, k) for k, d in enumerate(e.dims))) for e in contract.inputs)
    return replace(contract, inputs=inputs)


def example_of(entry: Input) -> Input:
    """The input with an example, if it carries none: a number in its range near 2."""
    if entry.example:
        return entry
    low, high = entry.values.minimum, entry.values.maximum
    number = min(max(2.0, low if low is not None else 2.0), high if high is not None else 2.0)
    count = prod(dim.size or 1 for dim in entry.dims)
    scales = [1.0, 1.0, number, number] if count == 4 and not entry.dtype.startswith("int") else [number] * count
    return replace(entry, example=tuple(scales))
