"""ONNX's own Resize, as a product with a matrix along each axis: ONNX Runtime resizes the identity beforehand.

Resizing is linear and works on one axis after the other in every mode, so the columns of a resized identity matrix are
the weights, whatever the mode and the coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, array_of, attribute
from pliant.lowering.dialect import Dialect
from pliant.lowering.prologue import known_beforehand
from pliant.lowering.rules._matrices import along, length, numbers

KEPT = ("coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside", "mode", "nearest_mode", "antialias")


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """Stretched to sizes or by scales that no picture decides."""
    del dialect
    x = node.inputs[0]
    assert isinstance(node.graph, ir.Graph)
    if x is None or x.shape is None or x.dtype != ir.DataType.FLOAT:
        return "is not of float32 elements"
    if attribute(node, "coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize":
        return "cuts out a region of interest"
    if attribute(node, "keep_aspect_ratio_policy", "stretch") != "stretch":
        return "keeps the aspect ratio"
    driver = _driver(node)[0]
    return None if known_beforehand(node.graph, driver) else "has a size that depends on the picture"


def _driver(node: ir.Node) -> tuple[ir.Value | None, bool]:
    """The vector of scales or sizes, and whether it is sizes."""
    given = [*node.inputs, None, None, None][2:4]
    sizes = given[1]
    return (sizes, True) if sizes is not None else (given[0], False)


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """One matrix for each axis that is resized; those whose scale is the constant 1 stay."""
    x = node.inputs[0]
    assert x is not None
    assert x.shape is not None
    rank, (driver, is_sizes) = len(x.shape), _driver(node)
    axes = [int(a) % rank for a in attribute(node, "axes", range(rank))]
    fixed = array_of(driver)
    value = x
    for k, axis in enumerate(axes):
        if (not is_sizes and fixed is not None and fixed[k] == 1) or (fixed is None and axis < 2 and rank > 2):
            continue
        if is_sizes and (axis < 2 < rank or (fixed is not None and x.shape[axis] == fixed[k])):
            continue
        each = build("Gather", driver, build.constant([k]), axis=0)
        value = along(build, value, axis, rank, _matrix(node, build, length(build, x, axis), each, sizes=is_sizes))
    return [value if value is not x else build("Identity", x)]


def _matrix(node: ir.Node, build: Builder, count: ir.Value, each: ir.Value, *, sizes: bool) -> ir.Value:
    """[results, length]: the identity, resized along its last axis."""
    row = numbers(build, count)
    same = build("Equal", build("Unsqueeze", row, build.constant([1])), row)
    identity = build("Cast", same, to=int(ir.DataType.FLOAT))
    kept = {name: attribute(node, name) for name in KEPT if attribute(node, name) is not None}
    if sizes:
        given = [None, None, build("Concat", count, each, axis=0)]
    else:
        given = [None, build("Concat", build.constant(np.ones(1, np.float32)), each, axis=0)]
    return build("Transpose", build("Resize", identity, *given, **kept), perm=[1, 0])


RULE = Rule(("Resize",), "The engine has no Resize with all modes and live sizes.", rewrite, check)
