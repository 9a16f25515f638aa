"""Circular padding as a look-up: position k of the result shows pixel (k - before) modulo the length."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, array_of, attribute
from pliant.lowering.dialect import Dialect
from pliant.lowering.lengths import Length, Lengths


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """Pads in mode "wrap", of axes that are known."""
    del dialect
    axes = node.inputs[3] if len(node.inputs) > 3 else None
    if attribute(node, "mode", "constant") != "wrap":
        return "is no circular padding"
    known = axes is None or array_of(axes) is not None
    return None if known and node.inputs[0] is not None and node.inputs[0].shape is not None else "pads unknown axes"


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """One Gather for each axis that is padded."""
    x, pads = node.inputs[0], node.inputs[1]
    assert x is not None
    assert pads is not None
    assert x.shape is not None
    given = array_of(node.inputs[3]) if len(node.inputs) > 3 else None
    axes = list(range(len(x.shape))) if given is None else [int(k) % len(x.shape) for k in given]
    lengths = Lengths(build)
    amounts = lengths.elements(pads, 2 * len(axes))
    for k, axis in enumerate(axes):
        x = _padded(x, axis, amounts[k], amounts[k + len(axes)], lengths)
    return [x]


def _padded(x: ir.Value, axis: int, before: Length, behind: Length, lengths: Lengths) -> ir.Value:
    if isinstance(before, int) and isinstance(behind, int) and before == behind == 0:
        return x
    build = lengths.build
    length = build("Shape", x, start=axis, end=axis + 1)
    start = lengths.sub(0, before)
    scalars = [build("Squeeze", lengths.value(n)) for n in (start, lengths.add(length, behind))]
    positions = build("Mod", build("Range", *scalars, build.constant(1)), length)
    return build("Gather", x, positions, axis=axis)


RULE = Rule(("Pad",), "Some engines pad with constants, edges and mirrors only.", rewrite, check)
