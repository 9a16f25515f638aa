"""Pools with windows, and over all of a picture."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import attribute
from pliant.lowering.ncnn._layout import Refused, dims_of, known
from pliant.lowering.ncnn._network import Network, Parameter
from pliant.lowering.ncnn.base import Layer
from pliant.lowering.ncnn.convolution import Window, window

KERNEL, STRIDE, BEFORE, BEHIND = (1, 11, 21), (2, 12, 22), (3, 13, 23), (14, 15, 17)
CEIL, FLOOR = 0, 1  # pad_mode


def _pool(node: ir.Node, network: Network) -> None:
    kernel = list(map(int, attribute(node, "kernel_shape")))
    moved = window(node, kernel)
    mean, ceil = node.op_type == "AveragePool", _rounds_up(node, moved)
    parameters: dict[int, Parameter] = {0: int(mean), 5: CEIL if ceil else FLOOR}
    if mean:
        parameters[6] = int(attribute(node, "count_include_pad", 0) and not ceil)
    for ids, values in zip((KERNEL, STRIDE, BEFORE), (moved.kernel, moved.strides, moved.before), strict=True):
        parameters |= dict(zip(ids, reversed(values), strict=False))
    parameters |= dict(zip(_behind(len(kernel)), reversed(moved.behind), strict=False))
    if len(kernel) > 3:
        raise Refused(f"works along {len(kernel)} axes, and ncnn along one to three")
    kind = ("Pooling1D", "Pooling", "Pooling3D")[len(kernel) - 1]
    network.each(node.inputs, node.outputs[0], lambda blobs: network.layer(kind, blobs, parameters))


def _rounds_up(node: ir.Node, moved: Window) -> bool:
    """Whether a last window reaches beyond the edge. With pads ncnn counts such windows otherwise than ONNX."""
    assert node.inputs[0] is not None
    if not attribute(node, "ceil_mode", 0):
        return False
    if not any((*moved.before, *moved.behind)):
        return True
    lengths = known(dims_of(node.inputs[0])[2:], "the size of its picture, as it rounds up with pads")
    rows = zip(lengths, moved.before, moved.behind, moved.kernel, moved.strides, strict=True)
    if any((n + before + behind - kernel) % stride for n, before, behind, kernel, stride in rows):
        raise Refused("has windows that reach beyond its pads (ceil_mode), which ncnn counts otherwise")
    return False


def _behind(count: int) -> tuple[int, ...]:
    """Parameter ids of the pads behind, the last axis first."""
    return {1: (14,), 2: (14, 15), 3: (14, 15, 16)}[min(count, 3)]


def _check(node: ir.Node) -> str | None:
    if len(node.outputs) > 1 and node.outputs[1].name and node.outputs[1].uses():
        return "gives positions of the largest values, which ncnn does not"
    if any(d != 1 for d in attribute(node, "dilations", [1])):
        return "has dilations, which pools of ncnn have not"
    return None


def _global(node: ir.Node, network: Network) -> None:
    x = node.inputs[0]
    assert x is not None
    groups = (0, 1), tuple(range(2, len(dims_of(x))))
    kind = {"GlobalAveragePool": 3, "GlobalMaxPool": 4}[node.op_type]
    reduced = network.layer("Reduction", [network.view(x, groups)], {0: kind, 1: 0, 3: [1], 4: 1, 5: 1})
    network.put(node.outputs[0], reduced, (groups[0], ()))


LAYERS = {
    **dict.fromkeys(("AveragePool", "MaxPool"), Layer(_pool, _check)),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), Layer(_global)),
}
