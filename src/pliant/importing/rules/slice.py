"""Where a Slice begins and ends."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import onnx_ir as ir

from pliant.importing import symbols
from pliant.importing.arithmetic import Arithmetic
from pliant.importing.base import Alternative, Reading, Rule, constant, live
from pliant.importing.symbols import Inconsistent, Length

END = 2**31 - 1  # exporters write this or more for "to the end"
NEAR = 8  # what is closer to an edge than the eighth part of the length is counted from that edge
MOST = 32


def alternatives(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> list[Alternative] | None:
    """A place near an edge is counted from there; one in the middle can be a part of the length, or a number."""
    starts, ends = constant(node, 1), constant(node, 2)
    if starts is None or ends is None or len(node.inputs) < 3:
        return None
    data = reading.shape(node.inputs[0])
    axes = [k % len(data) for k in (constant(node, 3) or range(len(starts)))]
    steps = constant(node, 4) or [1] * len(starts)
    if not any(live(data[k]) for k in axes):
        return None
    unclear = (_is_open(n, data[k], reading) for n, k in zip((*starts, *ends), (*axes, *axes), strict=True))
    if reading.literal and not reading.axes.declared and any(unclear):
        raise Inconsistent("it cuts in the middle of a live length")
    first = [_places(n, data[k], k, reading, begin=True) for n, k in zip(starts, axes, strict=True)]
    last = [_places(n, data[k], k, reading, begin=False) for n, k in zip(ends, axes, strict=True)]
    found: list[Alternative] = []
    for low, high in list(product(product(*first), product(*last)))[:MOST]:
        shape = list(data)
        for (_, a), (_, b), k, step in zip(low, high, axes, steps, strict=True):
            shape[k] = _length(data[k], a, b, step, arithmetic)
        written = [n for n, _ in low], [n for n, _ in high]
        formulas = {at: list(new) for at, new, old in ((1, written[0], starts), (2, written[1], ends)) if new != old}
        found.append(Alternative([shape], formulas))
    if reading.literal:
        found = [a for a in found if not a.formulas or all(n == END for f in a.formulas.values() for n in f)] or found
    return found


def _length(length: Length, start: Any, end: Any, step: int, arithmetic: Any) -> Length:
    if step < 0:
        if start == symbols.minus(length, 1) and end == -1:
            return arithmetic.ceil(length, -step)
        raise Inconsistent("a Slice that runs backwards is followed over whole axes only")
    start = arithmetic.smaller(start, length) if isinstance(start, int) else start
    end = arithmetic.smaller(end, length)
    return arithmetic.larger(arithmetic.ceil(arithmetic.sub(end, start), step), 0)


def _is_open(at: int, length: Length, reading: Reading) -> bool:
    """Whether a place is so far from both ends that it may be a part of the length as well as a number."""
    whole = reading.value(length)
    return live(length) and 0 < at < whole and at * NEAR > whole and (whole - at) * NEAR > whole


def _places(at: int, length: Length, axis: int, reading: Reading, *, begin: bool) -> list[tuple[Length, Length]]:
    """(what is written in the file, the place counted from the first element) for each way to understand `at`."""
    whole = reading.value(length)
    if at <= -END:
        return [(at, -1)]
    if at < 0:
        return [(at, symbols.add(length, at))]
    if not live(length):
        return [(at, min(at, whole))]
    if at >= END or (not begin and at >= whole):
        return [(max(at, END), length)]
    if at * NEAR <= whole:
        return [(at, at)]
    if (whole - at) * NEAR <= whole:
        ends = [symbols.minus(length, whole - at), *(n for n in reading.lengths(axis, at))]
        return [(n, n) for n in dict.fromkeys(ends)] if at != whole else [(length, length)]
    ways: list[Length] = [at, *_fraction(at, whole, length), *reading.lengths(axis, at)]
    return [(n, n) for n in dict.fromkeys(ways)]


def _fraction(at: int, whole: int, length: Length) -> list[Length]:
    part = Fraction(at, whole)
    if part.denominator > 4:
        return []
    return [symbols.floor(symbols.times(length, part.numerator), part.denominator)]


RULE = Rule(("Slice",), alternatives)
