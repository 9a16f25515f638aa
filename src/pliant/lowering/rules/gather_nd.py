"""Slices taken from places given by all their coordinates: one coordinate is a Gather, several are counted in rows."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, attribute
from pliant.lowering.dialect import Dialect
from pliant.lowering.prologue import known_beforehand


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """Places that no picture decides, with a known number of coordinates, the same for a whole batch."""
    del dialect
    x, places = node.inputs
    assert isinstance(node.graph, ir.Graph)
    if x is None or x.shape is None or places is None or places.shape is None:
        return "has operands whose number of axes is not known"
    if attribute(node, "batch_dims", 0) or not isinstance(places.shape[-1], int):
        return "has places of its own for each picture"
    return None if known_beforehand(node.graph, places) else "takes elements from places that depend on the picture"


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """A Gather along the axes that are counted, merged to one."""
    x, places = node.inputs
    assert x is not None
    assert x.shape is not None
    assert places is not None
    assert places.shape is not None
    depth = int(places.shape[-1])  # type: ignore[arg-type]
    last = build.constant([-1])
    if depth == 1:
        return [build("Gather", x, build("Squeeze", places, last), axis=0)]
    lengths = build("Shape", x, start=0, end=depth)
    inside = build("Where", build("Less", places, build.constant(0)), build("Add", places, lengths), places)
    at = build("Squeeze", build("Slice", inside, build.constant([0]), build.constant([1]), last), last)
    for k in range(1, depth):
        part = build("Slice", inside, build.constant([k]), build.constant([k + 1]), last)
        length = build("Squeeze", build("Shape", x, start=k, end=k + 1))
        at = build("Add", build("Mul", at, length), build("Squeeze", part, last))
    rest = build("Shape", x, start=depth)
    merged = build("Reshape", x, build("Concat", last, rest, axis=0))
    merged.dtype, merged.shape = x.dtype, ir.Shape([None] * (len(x.shape) - depth + 1))
    return [build("Gather", merged, at, axis=0)]


RULE = Rule(("GatherND",), "The engine takes no elements from places given as data.", rewrite, check)
