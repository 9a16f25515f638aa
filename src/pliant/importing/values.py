"""Vectors of whole numbers that a graph computes from shapes: what their elements are."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice
from typing import TypeAlias

import onnx_ir as ir

from pliant.importing import symbols
from pliant.importing.arithmetic import Arithmetic
from pliant.importing.base import SMALL, Reading, constant
from pliant.importing.symbols import Length
from pliant.lowering.builder import attribute

Numbers: TypeAlias = "list[Length]"
_Follow: TypeAlias = Callable[[ir.Node, Reading, Arithmetic], "Numbers | None"]


def followed(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> Numbers | None:
    """The elements of the first result of `node`, or None if they are not followed."""
    known = _RULES.get(node.op_type) if not node.domain else None
    return None if known is None else known(node, reading, arithmetic)


def _shape(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> Numbers | None:
    del arithmetic
    shape = reading.shape(node.inputs[0])
    return shape[attribute(node, "start", 0) : attribute(node, "end", len(shape))]


def _size(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> Numbers | None:
    return [arithmetic.product(reading.shape(node.inputs[0]))]


def _first(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> Numbers | None:
    del arithmetic
    return reading.numbers(node.inputs[0])


def _gather(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> Numbers | None:
    del arithmetic
    data, at = reading.numbers(node.inputs[0]), constant(node, 1)
    return None if data is None or at is None else [data[k] for k in at]


def _slice(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> Numbers | None:
    del arithmetic
    data, start, end = reading.numbers(node.inputs[0]), constant(node, 1), constant(node, 2)
    if data is None or start is None or end is None or len(start) != 1:
        return None
    return data[start[0] : end[0] : (constant(node, 4) or [1])[0]]


def _concat(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> Numbers | None:
    del arithmetic
    parts = [reading.numbers(v) for v in node.inputs]
    return None if any(p is None for p in parts) else [n for p in parts for n in p or ()]


def _arithmetic(how: Callable[[Arithmetic, Length, Length], Length | None]) -> _Follow:
    def compute(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> Numbers | None:
        a, b = (reading.numbers(v) for v in node.inputs[:2])
        if a is None or b is None:
            return None
        count = max(len(a), len(b))
        results = [how(arithmetic, x, y) for x, y in zip(islice(cycle(a), count), islice(cycle(b), count), strict=True)]
        return None if any(r is None for r in results) else [r for r in results if r is not None]

    return compute


def _quotient(arithmetic: Arithmetic, a: Length, b: Length) -> Length | None:
    """Exact, so that it is the same for floats; rounded down where whole numbers are divided."""
    exact = symbols.divided(a, b)
    if exact is not None:
        return exact
    return symbols.floor(a, b) if isinstance(b, int) and b > 0 else None


def _remainder(arithmetic: Arithmetic, a: Length, b: Length) -> Length | None:
    if not isinstance(b, int) or b <= 0:
        return None
    return arithmetic.sub(a, arithmetic.mul(symbols.floor(a, b), b))


_RULES: dict[str, _Follow] = {
    "Shape": _shape,
    "Size": _size,
    "Gather": _gather,
    "Slice": _slice,
    "Concat": _concat,
    **dict.fromkeys(("Identity", "Cast", "Floor", "Ceil", "Squeeze", "Unsqueeze", "Reshape", "Flatten"), _first),
    "Add": _arithmetic(Arithmetic.add),
    "Sub": _arithmetic(Arithmetic.sub),
    "Mul": _arithmetic(Arithmetic.mul),
    "Div": _arithmetic(_quotient),
    "Mod": _arithmetic(_remainder),
    "Min": _arithmetic(Arithmetic.smaller),
    "Max": _arithmetic(Arithmetic.larger),
}
WHOLE = (ir.DataType.INT64, ir.DataType.INT32)


def small(node: ir.Node, reading: Reading) -> bool:
    """Whether a node is worth following: it asks for a shape, or all it takes is known and small."""
    if node.op_type in ("Shape", "Size"):
        return True
    operands = [v for v in node.inputs if v is not None]
    return bool(operands) and any(v in reading.known for v in operands) and len(operands) <= SMALL
