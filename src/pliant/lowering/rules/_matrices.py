"""Products with a matrix along one axis, for engines that gather nothing."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import Builder


def along(build: Builder, x: ir.Value, axis: int, rank: int, matrix: ir.Value) -> ir.Value:
    """`x` of `rank` axes with the elements along `axis` [length] replaced by `matrix` [results, length] times them."""
    if axis == rank - 1:
        return build("MatMul", x, build("Transpose", matrix, perm=[1, 0]))
    if axis == rank - 2:
        return build("MatMul", matrix, x)
    order = list(range(rank))
    order[axis], order[rank - 2] = order[rank - 2], order[axis]
    product = build("MatMul", matrix, build("Transpose", x, perm=order))
    return build("Transpose", product, perm=order)


def length(build: Builder, x: ir.Value, axis: int) -> ir.Value:
    """The length of an axis, [1]."""
    return build("Shape", x, start=axis, end=axis + 1)


def numbers(build: Builder, count: ir.Value) -> ir.Value:
    """0, 1, ... count - 1 as int64, for a count of shape [1]."""
    return build("Range", build.constant(0), build("Squeeze", count), build.constant(1))


def choosing(build: Builder, indices: ir.Value, count: ir.Value) -> ir.Value:
    """The float32 matrix [m, count] whose product takes the elements at `indices` [m], negative ones from the end."""
    inside = build("Where", build("Less", indices, build.constant(0)), build("Add", indices, count), indices)
    hit = build("Equal", build("Unsqueeze", inside, build.constant([1])), numbers(build, count))
    return build("Cast", hit, to=int(ir.DataType.FLOAT))
