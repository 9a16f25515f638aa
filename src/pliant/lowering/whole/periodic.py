"""Whether numbers that a network computes from sizes repeat from pixel to pixel of the small picture.

What is seen at one size says nothing of another: a network may do otherwise beyond some length. So it is read from the
operators: positions may enter by their remainder at the factor only, and lengths only by how many positions there are.
"""

from __future__ import annotations

from enum import IntEnum

import onnx_ir as ir

from pliant.lowering.builder import array_of
from pliant.lowering.dialect import key_of

# ruff: noqa: SIM905 - quoted words would be longer than a screen
MOVES = frozenset("Cast Expand Identity Reshape Squeeze Transpose Unsqueeze".split(" "))  # of the first operand
ELEMENTWISE = frozenset("Abs Add Cos Div Exp Mul Neg Pow Sin Sqrt Sub Tanh".split(" "))
SHIFTS = frozenset({"Add", "Sub"})
LENGTHS = frozenset("Add Cast Concat Floor Gather Mul Reshape Shape Slice Squeeze Sub Unsqueeze".split(" "))


class Kind(IntEnum):
    """What a value is made of; each may be used where the one before may."""

    CONSTANT = 0
    PERIODIC = 1
    POSITION = 2
    LENGTH = 3
    OTHER = 4


def repeats(value: ir.Value, factor: int) -> bool:
    """Whether `value` is constant, or the same at all positions that are a multiple of `factor` apart, at any size."""
    return _kind(value, factor) <= Kind.PERIODIC


def _kind(value: ir.Value, factor: int) -> Kind:
    if array_of(value) is not None:
        return Kind.CONSTANT
    node = value.producer()
    if node is None:
        return Kind.OTHER
    key, kinds = key_of(node), [_kind(v, factor) for v in node.inputs if v is not None]
    if key == "Shape":
        return Kind.LENGTH
    if key == "Range":
        start, limit, delta = kinds
        counted = start == delta == Kind.CONSTANT and limit in (Kind.CONSTANT, Kind.LENGTH)
        return Kind.POSITION if counted else Kind.OTHER
    if key == "Mod":
        return Kind.PERIODIC if kinds == [Kind.POSITION, Kind.CONSTANT] and _is(node.inputs[1], factor) else Kind.OTHER
    return _of_arithmetic(key, kinds)


def _of_arithmetic(key: str, kinds: list[Kind]) -> Kind:
    if key in MOVES and kinds[0] <= Kind.POSITION:
        return kinds[0]
    most = max(kinds, default=Kind.CONSTANT)
    if key in ELEMENTWISE | {"Concat"} and most <= Kind.PERIODIC:
        return most
    if key in SHIFTS and sorted(kinds) == [Kind.CONSTANT, Kind.POSITION]:
        return Kind.POSITION
    lengths = set(kinds) <= {Kind.CONSTANT, Kind.LENGTH}
    return Kind.LENGTH if key in LENGTHS and lengths else Kind.OTHER


def _is(value: ir.Value | None, factor: int) -> bool:
    content = array_of(value)
    return content is not None and content.size == 1 and float(content.reshape(())) == factor
