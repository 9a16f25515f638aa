"""Elements taken from places that are computed beforehand, as a product with a matrix of ones and zeros.

Exact for finite numbers; an infinite one or NaN spreads over what is taken together with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, attribute
from pliant.lowering.dialect import Dialect
from pliant.lowering.prologue import known_beforehand
from pliant.lowering.rules import gather_sums
from pliant.lowering.rules._matrices import along, choosing, length


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """Of float32 elements, at places that no picture decides."""
    x, indices = node.inputs
    assert isinstance(node.graph, ir.Graph)
    if x is None or x.dtype != ir.DataType.FLOAT or x.shape is None:
        return "is not of float32 elements"
    if indices is None or indices.shape is None or not known_beforehand(node.graph, indices):
        return "takes elements from places that depend on the picture"
    return None if gather_sums.check(node, dialect) is not None else "is part of a weighted sum"


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """One place after the other along the axis, then in the shape of the places."""
    x, indices = node.inputs
    assert x is not None
    assert indices is not None
    assert x.shape is not None
    assert indices.shape is not None
    rank, places = len(x.shape), len(indices.shape)
    axis = int(attribute(node, "axis", 0)) % rank
    if indices.dtype != ir.DataType.INT64:
        indices = build("Cast", indices, to=int(ir.DataType.INT64))
    row = indices if places == 1 else build("Reshape", indices, build.constant([-1]))
    taken = along(build, x, axis, rank, choosing(build, row, length(build, x, axis)))
    if places == 1:
        return [taken]
    if places == 0:
        return [build("Squeeze", taken, build.constant([axis]))]
    shape = [build("Shape", x, start=0, end=axis), build("Shape", indices), build("Shape", x, start=axis + 1)]
    return [build("Reshape", taken, build("Concat", *shape, axis=0))]


RULE = Rule(("Gather",), "The engine takes no elements from places given as data.", rewrite, check)
