"""Operators on pictures and blocks of pixels."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.lengths import Length, Lengths
from pliant.lowering.shapes.base import Rule, Shape, ShapeOf, Unknown, of


def depth_to_space(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Channels become pixels."""
    n, c, h, w = of(shape_of, node.inputs[0])
    block = int(attribute(node, "blocksize"))
    return [[n, a.floor(c, block * block), a.mul(h, block), a.mul(w, block)]]


def space_to_depth(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Pixels become channels."""
    n, c, h, w = of(shape_of, node.inputs[0])
    block = int(attribute(node, "blocksize"))
    return [[n, a.mul(c, block * block), a.floor(h, block), a.floor(w, block)]]


def grid_sample(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Batch and channels of the picture, lengths of the grid."""
    del a
    x, grid = of(shape_of, node.inputs[0]), of(shape_of, node.inputs[1])
    return [[*x[:2], *grid[1:-1]]]


def resize(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Given sizes, or lengths times scales, rounded down in single precision as ONNX says."""
    x = list(of(shape_of, node.inputs[0]))
    if attribute(node, "keep_aspect_ratio_policy", "stretch") != "stretch":
        raise Unknown
    axes = [int(k) for k in attribute(node, "axes", range(len(x)))]
    for axis, length in zip(axes, _resized(node, [x[k] for k in axes], a), strict=True):
        x[axis] = length
    return [x]


def _resized(node: ir.Node, lengths: list[Length], a: Lengths) -> list[Length]:
    sizes = node.inputs[3] if len(node.inputs) > 3 else None
    if sizes is not None:
        return a.elements(sizes, len(lengths))
    scales = array_of(node.inputs[2]) if len(node.inputs) > 2 else None
    if scales is None or not scales.size:
        raise Unknown
    return [_scaled(n, float(s), a) for n, s in zip(lengths, scales, strict=True)]


def _scaled(length: Length, scale: float, a: Lengths) -> Length:
    if scale == int(scale):
        return a.mul(length, int(scale))
    product = a.build("Mul", a.build("Cast", a.value(length), to=1), a.build.constant(scale, "float32"))
    return a.build("Cast", a.build("Floor", product), to=7)


RULES: dict[str, Rule] = {
    "DepthToSpace": depth_to_space,
    "GridSample": grid_sample,
    "Resize": resize,
    "SpaceToDepth": space_to_depth,
}
