"""A Resize of some axes to constant sizes, as one of all axes.

TensorRT's parser takes the lengths of the other axes for -1 where they are live (measured with TensorRT-RTX 1.7.1:
"inherently negative length"); sizes that come at run time it reads right.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, array_of, attribute
from pliant.lowering.dialect import Dialect


def is_partly(node: ir.Node) -> bool:
    """Whether a node resizes some axes to constant sizes, and the length of another is not known."""
    x, sizes = node.inputs[0], node.inputs[3] if len(node.inputs) > 3 else None
    if attribute(node, "axes") is None or array_of(sizes) is None:
        return False
    return x is None or x.shape is None or not all(isinstance(length, int) for length in x.shape)


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """None for the last axes in their order, as resizes of pictures have them."""
    del dialect
    x, axes = node.inputs[0], list(attribute(node, "axes", ()))
    if not is_partly(node) or x is None or x.shape is None:
        return "resizes all axes"
    rank = len(x.shape)
    return None if axes == list(range(rank - len(axes), rank)) else "resizes other axes than the last"


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """The same node with the lengths of the other axes in front of the sizes."""
    x, sizes = node.inputs[0], node.inputs[3]
    assert x is not None
    assert x.shape is not None
    others = build("Shape", x, start=0, end=len(x.shape) - len(attribute(node, "axes")))
    kept = {name: a.value for name, a in node.attributes.items() if name != "axes"}
    return [build("Resize", x, None, None, build("Concat", others, sizes, axis=0), **kept)]


RULE = Rule(("Resize",), "sizes of some axes beside live ones are read wrong", rewrite, check)
