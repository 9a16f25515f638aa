"""Arithmetic on lengths: Python numbers where they are known, nodes of a graph where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import onnx_ir as ir

from pliant.lowering.builder import Builder, array_of

Length: TypeAlias = int | ir.Value
"""A number, or a value of shape [1] and type int64."""


class Lengths:
    """Arithmetic on lengths, written into the graph by `build` where a number is not known."""

    def __init__(self, build: Builder) -> None:
        self.build = build

    def value(self, length: Length) -> ir.Value:
        """As a value of shape [1]."""
        return self.build.constant([length]) if isinstance(length, int) else length

    def vector(self, lengths: Sequence[Length]) -> ir.Value:
        """All of them as one vector."""
        if all(isinstance(n, int) for n in lengths):
            return self.build.constant(list[Any](lengths)) if lengths else self.build.constant([], "int64")
        return self.build("Concat", *(self.value(n) for n in lengths), axis=0)

    def elements(self, vector: ir.Value, count: int) -> list[Length]:
        """The first `count` elements of a vector of whole numbers."""
        known = array_of(vector)
        if known is not None:
            return [int(n) for n in known.reshape(-1)[:count]]
        return [self.build("Gather", self.whole(vector), self.build.constant([k]), axis=0) for k in range(count)]

    def whole(self, value: ir.Value) -> ir.Value:
        """`value` as int64."""
        return value if value.dtype == ir.DataType.INT64 else self.build("Cast", value, to=int(ir.DataType.INT64))

    def shape(self, value: ir.Value, axis: int) -> Length:
        """The length of one axis of a value that is computed beforehand."""
        if value.shape is not None and isinstance(value.shape[axis], int):
            return int(value.shape[axis])  # type: ignore[arg-type]
        return self.build("Shape", value, start=axis, end=axis + 1)

    def add(self, a: Length, b: Length) -> Length:
        """a + b."""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        return b if a == 0 else a if b == 0 else self._op("Add", a, b)

    def sub(self, a: Length, b: Length) -> Length:
        """a - b."""
        if isinstance(a, int) and isinstance(b, int):
            return a - b
        return a if b == 0 else self._op("Sub", a, b)

    def mul(self, a: Length, b: Length) -> Length:
        """a * b."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        return b if a == 1 else a if b == 1 else self._op("Mul", a, b)

    def floor(self, a: Length, b: Length) -> Length:
        """The largest whole number that is at most a / b, for b > 0 and a of any sign."""
        if isinstance(a, int) and isinstance(b, int):
            return a // b
        if b == 1:
            return a
        remainder = self._op("Mod", a, b)  # Mod has the sign of b, as in Python; Div rounds to zero
        return self._op("Div", self._op("Sub", a, remainder), b)

    def ceil(self, a: Length, b: Length) -> Length:
        """The smallest whole number that is at least a / b, for b > 0."""
        return self.sub(0, self.floor(self.sub(0, a), b))

    def smaller(self, a: Length, b: Length) -> Length:
        """The smaller of two."""
        return min(a, b) if isinstance(a, int) and isinstance(b, int) else self._op("Min", a, b)

    def larger(self, a: Length, b: Length) -> Length:
        """The larger of two."""
        return max(a, b) if isinstance(a, int) and isinstance(b, int) else self._op("Max", a, b)

    def where(self, a: Length, comparison: str, b: Length, yes: Length, no: Length) -> Length:
        """`yes` if `a` compares with `b` ("Equal", "Less") and `no` otherwise."""
        if isinstance(a, int) and isinstance(b, int):
            return yes if {"Equal": a == b, "Less": a < b}[comparison] else no
        return yes if yes is no else self._op("Where", self._op(comparison, a, b), yes, no)

    def broadcast(self, a: Length, b: Length) -> Length:
        """The length of an axis on which two operands meet."""
        if a is b or b == 1:
            return a
        if a == 1:
            return b
        if isinstance(a, int) or isinstance(b, int):  # a known length that is not 1 is the length of the result
            return a if isinstance(a, int) else b
        return self.where(a, "Equal", 1, b, a)

    def product(self, lengths: Sequence[Length]) -> Length:
        """All of them multiplied."""
        total: Length = 1
        for length in lengths:
            total = self.mul(total, length)
        return total

    def equal(self, one: Sequence[Length] | None, other: Sequence[Length] | None) -> bool:
        """Whether two shapes are known and the same, by formulas over what this graph has, nothing inside a branch."""
        if one is None or other is None or len(one) != len(other):
            return False
        return all(self._has(a) and _same(a, b) for a, b in zip(one, other, strict=True))

    def _has(self, length: Length) -> bool:
        """Whether all that a formula is made of belongs to this graph."""
        pending, seen = [length], set[int]()
        while pending:
            value = pending.pop()
            if isinstance(value, int) or id(value) in seen:
                continue
            seen.add(id(value))
            if value.graph is not self.build.graph:
                return False
            producer = value.producer()
            pending += [v for v in producer.inputs if v is not None] if producer is not None else []
        return True

    def _op(self, op: str, *lengths: Length | ir.Value) -> Any:
        return self.build(op, *(self.value(n) for n in lengths))


def _same(one: Length, other: Length) -> bool:
    """Whether two formulas have the same steps, constants and operands."""
    pending, seen = [(one, other)], set[tuple[int, int]]()
    while pending:
        a, b = pending.pop()
        if isinstance(a, int) or isinstance(b, int):
            if not (isinstance(a, int) and a == b):
                return False
        elif a is not b and (id(a), id(b)) not in seen:
            seen.add((id(a), id(b)))
            operands = _operands(a, b)
            if operands is None:
                return False
            pending += operands
    return True


def _operands(a: ir.Value, b: ir.Value) -> list[tuple[Length, Length]] | None:
    """The operands to compare where both values are results of the same step; None where they are not."""
    stored, other = array_of(a), array_of(b)
    if stored is not None and other is not None:
        return [] if stored.dtype == other.dtype and stored.tolist() == other.tolist() else None
    one, two = a.producer(), b.producer()
    if one is None or two is None or one.op_identifier() != two.op_identifier() or a.index() != b.index():
        return None
    if {k: v.value for k, v in one.attributes.items()} != {k: v.value for k, v in two.attributes.items()}:
        return None
    if len(one.inputs) != len(two.inputs):
        return None
    pairs = list(zip(one.inputs, two.inputs, strict=True))
    if any((x is None) != (y is None) for x, y in pairs):
        return None
    return [(x, y) for x, y in pairs if x is not None and y is not None]
