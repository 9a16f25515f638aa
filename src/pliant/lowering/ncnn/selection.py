"""Elements taken from places that are constants next to each other."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.ncnn._layout import Sizes, dims_of
from pliant.lowering.ncnn._network import Network
from pliant.lowering.ncnn.base import Layer
from pliant.lowering.ncnn.layout import crop


def _gather(node: ir.Node, network: Network) -> None:
    x, places = node.inputs[0], array_of(node.inputs[1])
    assert x is not None
    assert places is not None
    dims = dims_of(x)
    axis = int(attribute(node, "axis", 0)) % len(dims)
    row, length = places.reshape(-1), dims[axis]
    start = int(row[0])
    if start < 0:
        if not isinstance(length, int):
            raise Sizes(f"the length of the axis {axis} of {x.name!r}")
        start += length
    blob, groups = network.any(x)
    if length != 1:
        blob, groups, (at,) = network.isolated(x, axis)
        blob = crop(network, blob, at, start, start + row.size)
    if places.ndim == 0:
        kept = {a: k for k, a in enumerate(a for a in range(len(dims)) if a != axis)}
        groups = tuple(tuple(kept[a] for a in g if a in kept) for g in groups)
    network.put(node.outputs[0], blob, groups)


def _check(node: ir.Node) -> str | None:
    places = array_of(node.inputs[1])
    if places is None or places.ndim > 1 or places.size == 0 or (np.diff(places.reshape(-1)) != 1).any():
        return "takes elements from places given as data"
    row = places.reshape(-1)
    return "takes elements from both ends" if row[0] < 0 <= row[-1] else None


LAYERS = {"Gather": Layer(_gather, _check)}
