"""Weighted sums of gathered elements, as one product with a matrix that is computed beforehand.

This is how our resizes and adaptive pools are written: rows of places [m, k], and rows of weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, attribute, replace
from pliant.lowering.dialect import Dialect
from pliant.lowering.prologue import known_beforehand
from pliant.lowering.rules._matrices import length


def _reader(value: ir.Value, op: str) -> ir.Node | None:
    """The only node that reads `value`, if it is one of `op`."""
    uses = list(value.uses())
    alone = len(uses) == 1 and not value.is_graph_output()
    return uses[0].node if alone and uses[0].node.op_type == op else None


def _ordered(product: ir.Node) -> ir.Node | None:
    """The Gather that puts sums in order which are computed in blocks, behind the Reshape that joins the blocks."""
    joined = _reader(product.outputs[0], "Reshape")
    return _reader(joined.outputs[0], "Gather") if joined is not None else None


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """Places [m, k] along the last axis but one, and a MatMul of weights [m, sums, k] with what is gathered."""
    del dialect
    x, places = node.inputs
    assert isinstance(node.graph, ir.Graph)
    if x is None or x.shape is None or x.dtype != ir.DataType.FLOAT or places is None:
        return "is not of float32 elements"
    if (
        places.shape is None
        or len(places.shape) != 2
        or int(attribute(node, "axis", 0)) % len(x.shape) != len(x.shape) - 2
    ):
        return "is not along the last axis but one"
    product = _reader(node.outputs[0], "MatMul")
    if product is None or product.inputs[1] is not node.outputs[0] or product.inputs[0] is None:
        return "is not read by a sum alone"
    weights = product.inputs[0]
    if not all(known_beforehand(node.graph, v) for v in (places, weights)):
        return "has weights or places that depend on the picture"
    if weights.shape is None or len(weights.shape) != 3:
        return "has weights of another shape"
    order = _ordered(product)
    if weights.shape[1] != 1 and (order is None or not known_beforehand(node.graph, order.inputs[1])):
        return "has several sums for each row of places"
    return None


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """The sums; what gathered is left without a reader."""
    x = node.inputs[0]
    product = _reader(node.outputs[0], "MatMul")
    assert x is not None
    assert x.shape is not None
    assert product is not None
    rank = len(x.shape)
    weights = product.inputs[0]
    assert weights is not None
    assert weights.shape is not None
    single = weights.shape[1] == 1
    build = Builder(build.graph, product, build.step)  # weights may be computed behind what gathers
    matrix = _matrix(build, node, x, weights)
    order = _ordered(product)
    if single:
        sums = build("MatMul", matrix, x)
        replace(product, build("Unsqueeze", sums, build.constant([rank - 1])))
    else:
        assert order is not None
        build = Builder(build.graph, order, build.step)
        rows = build("Gather", matrix, order.inputs[1], axis=0)
        replace(order, build("MatMul", rows, x))
    return [Builder(build.graph, node, build.step)("Identity", x)]


def _matrix(build: Builder, node: ir.Node, x: ir.Value, weights: ir.Value) -> ir.Value:
    """[m * sums, length]: the weights put at their places; those of the same place are added."""
    places = node.inputs[1]
    axis = int(attribute(node, "axis", 0))
    assert places is not None
    each = build("Expand", build("Unsqueeze", places, build.constant([1])), build("Shape", weights))
    row = build("Concat", build.constant([-1]), build("Shape", weights, start=2, end=3), axis=0)
    updates = build("Reshape", weights, row)
    shape = build("Concat", build("Shape", updates, start=0, end=1), length(build, x, axis), axis=0)
    empty = build("Expand", build.constant(0.0), shape)
    return build("ScatterElements", empty, build("Reshape", each, row), updates, axis=1, reduction="add")


RULE = Rule(("Gather",), "The engine takes no elements from places given as data.", rewrite, check)
