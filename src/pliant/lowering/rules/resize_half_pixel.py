"""Resize in "pytorch_half_pixel" coordinates as one in "half_pixel".

They differ where a result is one pixel long: "pytorch_half_pixel" looks at the first pixel there, "half_pixel" at the
middle. Along such an axis the picture is cut to its first pixel beforehand, and resized by 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, attribute
from pliant.lowering.dialect import Dialect

FLOAT, INT64 = int(ir.DataType.FLOAT), int(ir.DataType.INT64)


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """In those coordinates, without antialiasing, and stretched to what it is told."""
    del dialect
    if attribute(node, "coordinate_transformation_mode", "half_pixel") != "pytorch_half_pixel":
        return "has other coordinates"
    if attribute(node, "antialias", 0) or attribute(node, "keep_aspect_ratio_policy", "stretch") != "stretch":
        return "filters or keeps the aspect ratio"
    return None if node.inputs[0] is not None and node.inputs[0].shape is not None else "has an unknown rank"


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """A Slice, and the Resize with other coordinates."""
    inputs = [*node.inputs, None, None, None][:4]
    x, scales, sizes = inputs[0], inputs[2], inputs[3]
    assert x is not None
    assert x.shape is not None
    axes = list(attribute(node, "axes", None) or range(len(x.shape)))
    axes = [int(axis) % len(x.shape) for axis in axes]
    lengths = build("Gather", build("Shape", x), build.constant(axes), axis=0)
    if sizes is None:
        product = build("Floor", build("Mul", build("Cast", lengths, to=FLOAT), scales))
        single = build("Equal", build("Cast", product, to=INT64), build.constant([1]))
        scales = build("Where", single, build.constant(np.ones(1, np.float32)), scales)
    else:
        single = build("Equal", sizes, build.constant([1]))
    ends = build("Where", single, build.constant([1]), lengths)
    cut = build("Slice", x, build.constant([0] * len(axes)), ends, build.constant(axes))
    kept = {name: a.value for name, a in node.attributes.items() if name != "coordinate_transformation_mode"}
    operands = [cut, None, scales] if sizes is None else [cut, None, None, sizes]
    return [build("Resize", *operands, coordinate_transformation_mode="half_pixel", **kept)]


RULE = Rule(("Resize",), "Some engines have no coordinates of PyTorch's old resize.", rewrite, check)
