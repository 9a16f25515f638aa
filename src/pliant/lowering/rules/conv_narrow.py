"""A convolution to few channels in two steps, so that no lanes of the processor compute nothing.

Engines compute 8 or 16 channels of a result at once. A convolution to three channels, the last of most networks that
give pictures, leaves most of that empty. Its taps along a row as further channels fill it; what they give is shifted to
its place and added up, which is little work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, array_of, attribute

Array = NDArray[Any]
FEW, LANES = 8, 16
MOST = 2 * LANES  # channels of the first step


def obstacle(node: ir.Node) -> str | None:
    """None for a convolution with constant weights that fills lanes in two steps and would not in one."""
    weight = array_of(node.inputs[1])
    if weight is None or weight.ndim != 4 or weight.dtype != np.float32:
        return "has weights that are computed, or other than two axes"
    out, into, rows, columns = weight.shape
    if out >= FEW or into < FEW or rows == 1 or columns == 1 or out * columns > MOST:
        return "fills lanes, or would not"
    plain = attribute(node, "auto_pad", "NOTSET") == "NOTSET" and attribute(node, "group", 1) == 1
    steps = (*attribute(node, "strides", (1, 1)), *attribute(node, "dilations", (1, 1)))
    return None if plain and set(steps) == {1} else "has strides, dilations or groups"


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """Along columns first, then along rows."""
    weight = array_of(node.inputs[1])
    assert weight is not None
    top, left, bottom, right = attribute(node, "pads", (0, 0, 0, 0))
    upright, shifted = halves(weight)
    between = build("Conv", node.inputs[0], build.constant(upright), pads=[top, 0, bottom, 0])
    return [build("Conv", between, build.constant(shifted), *node.inputs[2:], pads=[0, left, 0, right])]


def halves(weight: Array) -> tuple[Array, Array]:
    """The weights [out, in, rows, columns] of a convolution as those of the two steps.

    They are [out * columns, in, rows, 1] and [out, out * columns, 1, columns]; the second holds ones and zeros.
    """
    out, into, rows, columns = weight.shape
    shifted = np.zeros((out, out * columns, 1, columns), np.float32)
    taps = np.arange(columns)
    for k in range(out):
        shifted[k, k * columns + taps, 0, taps] = 1
    return weight.transpose(0, 3, 1, 2).reshape(out * columns, into, rows, 1).astype(np.float32), shifted


RULE = Rule(
    ("Conv",), "a convolution to few channels leaves lanes empty", rewrite, lambda node, dialect: obstacle(node)
)
