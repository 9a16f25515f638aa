"""The shape that a Reshape makes: axes are cut and joined in the order in which their elements lie in memory."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import onnx_ir as ir

from pliant.importing import symbols
from pliant.importing.arithmetic import Arithmetic
from pliant.importing.base import Alternative, Reading, Rule, constant, live
from pliant.importing.symbols import Inconsistent, Length, Shape
from pliant.lowering.builder import attribute

MOST = 64  # ways that are looked at


def alternatives(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> list[Alternative] | None:
    """All ways to cut and join the axes that give the numbers in the file."""
    del arithmetic
    target, data = target_of(node, reading), reading.shape(node.inputs[0])
    if target is None:
        return None
    given = [reading.value(n) for n in target]
    numbers = _resolved(given, [reading.value(n) for n in data], bool(attribute(node, "allowzero", 0)))
    if not any(map(live, data)):
        return [Alternative([list[Length](numbers)])]
    found: list[Alternative] = []
    for shape in _cuts(data, numbers, reading):
        if any(live(t) and t != n for t, n in zip(target, shape, strict=True)):
            continue  # what the graph computes from a shape is meant as it is
        kept = [_keeps(wanted, k, n, data) for k, (wanted, n) in enumerate(zip(target, shape, strict=True))]
        if all(kept):
            found.insert(0, Alternative([shape]))
        else:
            written = [t if ok and t in (0, -1) else n for t, ok, n in zip(target, kept, shape, strict=True)]
            found.append(Alternative([shape], {1: list(written)}))
        if len(found) >= MOST:
            break
    if reading.literal:
        found = [a for a in found if not a.formulas][:1]
    if not found:
        raise Inconsistent(
            f"its shape {given} cannot come from [{', '.join(map(reading.axes.text, data))}] at every size"
        )
    return found


def _resolved(target: list[int], data: list[int], zero: bool) -> list[int]:
    numbers = [data[k] if n == 0 and not zero and k < len(data) else n for k, n in enumerate(target)]
    rest = prod(n for n in numbers if n >= 0)
    return [prod(data) // rest if n < 0 and rest else n for n in numbers]


def target_of(node: ir.Node, reading: Reading) -> list[Length] | None:
    """The shape that a node is given: constant, or computed of shapes and constants; None if it is not followed."""
    found = constant(node, 1)
    return list(found) if found is not None else reading.numbers(node.inputs[1])


def _keeps(wanted: Length, at: int, length: Length, data: Shape) -> bool:
    """Whether the number in the file means `length` already."""
    if wanted == 0 and at < len(data):
        return data[at] == length
    return wanted == -1 or wanted == length


def _cuts(data: Shape, numbers: list[int], reading: Reading) -> Iterator[Shape]:
    """Shapes whose lengths are `numbers` in the file, and whose product is that of `data` at every size."""
    seen: set[tuple[Length, ...]] = set()
    for shape in _further(numbers, 1, tuple(data), reading, cut=False):
        if tuple(shape) not in seen:
            seen.add(tuple(shape))
            yield shape


def _further(
    numbers: list[int], held: Length, rest: tuple[Length, ...], reading: Reading, *, cut: bool
) -> Iterator[Shape]:
    """Shapes for the numbers that are left.

    `held` is the part of the axes taken so far that no length has used up, `cut` if one has used a part of it; `rest`
    are the axes not taken yet.
    """
    if not numbers:
        if symbols_product(held, rest) == 1:
            yield []
        return
    wanted, later = numbers[0], numbers[1:]
    unit = _unit(rest[0], reading) if wanted == 1 and held == 1 and rest else None
    if unit is not None:  # a batch of one becomes an axis where there is one for it
        left = symbols.divided(rest[0], unit)
        yield from ([unit, *tail] for tail in _further(later, left or 1, rest[1:], reading, cut=False))
        return
    for length, left in _taken(held, wanted, reading):
        yield from ([length, *tail] for tail in _further(later, left, rest, reading, cut=left != 1))
    if rest and _needs_more(held, wanted, rest[0], reading) and not (cut and live(held)):
        # no part of the height is joined with another axis
        yield from _further(numbers, symbols.times(held, rest[0]), rest[1:], reading, cut=cut)


def _needs_more(held: Length, wanted: int, following: Length, reading: Reading) -> bool:
    """Whether another axis is needed, or could be taken as it is 1 in the file."""
    number = reading.value(held)
    return number < wanted or (wanted != 0 and number % wanted != 0) or reading.value(following) == 1


def symbols_product(held: Length, rest: tuple[Length, ...]) -> Length:
    """The product of what is left."""
    for length in rest:
        held = symbols.times(held, length)
    return held


def _unit(length: Length, reading: Reading) -> Length | None:
    """The live part of a length that is 1 in the file."""
    return next((p for p in symbols.parts(length) if live(p) and reading.value(p) == 1), None)


def _taken(held: Length, wanted: int, reading: Reading) -> Iterator[tuple[Length, Length]]:
    """Lengths that are `wanted` in the file and divide `held`, with the quotient."""
    for part in [*symbols.parts(held)] or [1, held]:
        number = reading.value(part)
        if not number or wanted % number:
            continue
        length = symbols.times(part, wanted // number)
        left = symbols.divided(held, length)
        if left is not None:
            yield length, left


RULE = Rule(("Reshape",), alternatives)
