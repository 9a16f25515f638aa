"""Convolutions and pools."""

from __future__ import annotations

import math
from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.builder import attribute
from pliant.lowering.lengths import Length, Lengths
from pliant.lowering.shapes.base import Rule, Shape, ShapeOf, Unknown, numbers, of, vector


def convolution(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Conv: floor((length + pads - dilated kernel) / stride) + 1."""
    x, weight = of(shape_of, node.inputs[0]), of(shape_of, node.inputs[1])
    return [[x[0], weight[0], *_moved(node, x[2:], _known(weight[2:]), a)]]


def pool(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """AveragePool, MaxPool, LpPool."""
    x = of(shape_of, node.inputs[0])
    shape = [x[0], x[1], *_moved(node, x[2:], attribute(node, "kernel_shape"), a)]
    return [shape for _ in node.outputs]


def _known(kernel: Shape) -> list[int]:
    lengths = [n for n in kernel if isinstance(n, int)]
    if len(lengths) != len(kernel):
        raise Unknown
    return lengths


def _moved(node: ir.Node, lengths: Shape, kernel: Sequence[int], a: Lengths) -> Shape:
    """How many places a window has along each axis."""
    automatic, count = attribute(node, "auto_pad", "NOTSET"), len(lengths)
    strides = [int(s) for s in attribute(node, "strides", [1] * count)]
    if automatic.startswith("SAME"):
        return [a.ceil(n, s) for n, s in zip(lengths, strides, strict=True)]
    up = bool(attribute(node, "ceil_mode", 0))
    pads = attribute(node, "pads", [0] * 2 * count) if automatic == "NOTSET" else [0] * 2 * count
    dilations = attribute(node, "dilations", [1] * count)
    places: Shape = []
    for k, (length, stride) in enumerate(zip(lengths, strides, strict=True)):
        reach, after = (int(kernel[k]) - 1) * int(dilations[k]) + 1, int(pads[k + count])
        if up and after + stride > reach:
            raise Unknown  # the last window may lie outside the picture, where engines leave it out or do not
        lost = reach - 1 - int(pads[k]) - after
        divided = a.ceil if up else a.floor
        places.append(a.add(divided(a.sub(length, lost + 1), stride), 1) if stride > 1 else a.sub(length, lost))
    return places


def transposed_convolution(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """ConvTranspose: stride * (length - 1) + output padding + dilated kernel - pads."""
    x, weight = of(shape_of, node.inputs[0]), of(shape_of, node.inputs[1])
    count, kernel = len(x) - 2, _known(weight[2:])
    if attribute(node, "output_shape") is not None or attribute(node, "auto_pad", "NOTSET") != "NOTSET":
        raise Unknown
    strides, dilations = (attribute(node, name, [1] * count) for name in ("strides", "dilations"))
    pads, extra = attribute(node, "pads", [0] * 2 * count), attribute(node, "output_padding", [0] * count)
    lengths: list[Length] = []
    for k in range(count):
        reach = (kernel[k] - 1) * int(dilations[k]) + 1 + int(extra[k]) - int(strides[k])
        lengths.append(a.add(a.mul(x[2 + k], int(strides[k])), reach - int(pads[k]) - int(pads[k + count])))
    return [[x[0], a.mul(weight[1], int(attribute(node, "group", 1))), *lengths]]


def folded(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Col2Im: blocks of [n, c * pixels of a block, number of blocks] to pictures of the given size."""
    x, block = of(shape_of, node.inputs[0]), numbers(node, 2, "block_shape")
    return [[x[0], a.floor(x[1], math.prod(block)), *vector(node, 1, shape_of, a)]]


def global_pool(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """One value for each channel."""
    del a
    x = of(shape_of, node.inputs[0])
    return [[*x[:2], *([1] * (len(x) - 2))]]


RULES: dict[str, Rule] = {
    **dict.fromkeys(("AveragePool", "MaxPool", "LpPool"), pool),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), global_pool),
    "Col2Im": folded,
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
}
