"""Slices with steps, as elements taken from places that are computed beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, array_of
from pliant.lowering.dialect import Dialect
from pliant.lowering.prologue import known_beforehand
from pliant.lowering.rules._matrices import length, numbers


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """With axes and steps that are constant."""
    del dialect
    x, axes, steps = node.inputs[0], *(node.inputs[3:5] if len(node.inputs) == 5 else (None, None))
    assert isinstance(node.graph, ir.Graph)
    if x is None or x.shape is None or array_of(steps) is None or (axes is not None and array_of(axes) is None):
        return "has steps that are computed"
    if not all(known_beforehand(node.graph, v) for v in node.inputs[1:3]):
        return "has bounds that depend on the picture"
    return None


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """The numbers of the elements are cut in place of the elements."""
    x, starts, ends, given, steps = node.inputs
    assert x is not None
    assert x.shape is not None
    count = (array_of(steps)).size  # type: ignore[union-attr]
    axes = range(count) if given is None else [int(a) % len(x.shape) for a in array_of(given)]  # type: ignore[union-attr]
    value = x
    for k, axis in enumerate(axes):
        at, zero = build.constant([k]), build.constant([0])
        bounds = [build("Gather", v, at, axis=0) for v in (starts, ends)]
        row = numbers(build, length(build, x, axis))
        places = build("Slice", row, *bounds, zero, build("Gather", steps, at, axis=0))
        value = build("Gather", value, places, axis=axis)
        value.shape, value.dtype = ir.Shape([None] * len(x.shape)), x.dtype
    return [value]


RULE = Rule(("Slice",), "The engine cuts without steps only.", rewrite, check)
