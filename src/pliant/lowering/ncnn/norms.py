"""Normalisations by mean and variance."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.ncnn._layout import Refused, dims_of, known
from pliant.lowering.ncnn._network import Network
from pliant.lowering.ncnn.base import Layer

ADD, SUB, MUL, DIV = 0, 1, 2, 3
MEAN, SQUARE = 3, 4


def _layer(node: ir.Node, network: Network) -> None:
    """Over the last axes, one after the other in memory."""
    x = node.inputs[0]
    assert x is not None
    dims = dims_of(x)
    axis = int(attribute(node, "axis", -1)) % len(dims)
    lengths = known(dims[axis:], f"the lengths of the axes from {axis} on")
    length = int(np.prod(lengths))
    groups = network.any(x)[1]
    if groups[-1] != tuple(range(axis, len(dims))) or len(groups) > 3:
        groups = (tuple(range(axis)), tuple(range(axis, len(dims))))
    scale, bias = (array_of(v) for v in [*node.inputs[1:], None][:2])
    scale = np.ones(length, np.float32) if scale is None else np.broadcast_to(scale, lengths).reshape(-1)
    bias = np.zeros(length, np.float32) if bias is None else np.broadcast_to(bias, lengths).reshape(-1)
    parameters = {0: length, 1: float(attribute(node, "epsilon", 1e-5)), 2: 1}
    blob = network.layer("LayerNorm", [network.view(x, groups)], parameters, [scale, bias])
    network.put(node.outputs[0], blob, groups)


def _check_constants(node: ir.Node) -> str | None:
    if any(v is not None and array_of(v) is None for v in node.inputs[1:]):
        return "has a scale or bias that is computed"
    if any(v.uses() or v.is_graph_output() for v in node.outputs[1:]):
        return "also gives mean and deviation, which ncnn does not"
    return None


def _batch(node: ir.Node, network: Network) -> None:
    """scale * (x - mean) / sqrt(variance + epsilon) + bias for each channel, as one product and one sum."""
    x = node.inputs[0]
    assert x is not None
    scale, bias, mean, variance = (_content(v) for v in node.inputs[1:5])
    factor = scale / np.sqrt(variance + float(attribute(node, "epsilon", 1e-5)))
    offset = bias - mean * factor
    groups = network.any(x)[1]
    if (1,) not in groups:
        groups = ((0,), (1,), tuple(range(2, len(dims_of(x)))))
    place, shape = groups.index((1,)), [1] * len(groups)
    shape[place] = -1
    blob = network.view(x, groups)
    for operation, content in ((MUL, factor), (ADD, offset)):
        other = network.constant(content.reshape(shape).astype(np.float32))
        blob = network.layer("BinaryOp", [blob, other], {0: operation})
    network.put(node.outputs[0], blob, groups)


def _content(value: ir.Value | None) -> NDArray[Any]:
    array = array_of(value)
    assert array is not None
    return array.astype(np.float64)


def _instance(node: ir.Node, network: Network) -> None:
    """Over all axes but the first two."""
    x = node.inputs[0]
    assert x is not None
    dims = dims_of(x)
    groups = ((0,), (1,), tuple(range(2, len(dims)))) if dims[0] != 1 else ((1,), tuple(range(2, len(dims))))
    blob = network.view(x, groups)
    last = [len(groups) - 1]
    mean = network.layer("Reduction", [blob], {0: MEAN, 1: 0, 3: last, 4: 1, 5: 1})
    centred = network.layer("BinaryOp", [blob, mean], {0: SUB})
    squares = network.layer("UnaryOp", [centred], {0: SQUARE})
    variance = network.layer("Reduction", [squares], {0: MEAN, 1: 0, 3: last, 4: 1, 5: 1})
    eps = float(attribute(node, "epsilon", 1e-5))
    deviation = network.layer("UnaryOp", [network.layer("BinaryOp", [variance], {0: ADD, 1: 1, 2: eps})], {0: 5})
    blob = network.layer("BinaryOp", [centred, deviation], {0: DIV})
    shape = [*([1] * (len(groups) - 2)), -1, 1]
    for operation, value in ((MUL, node.inputs[1]), (ADD, node.inputs[2])):
        content = array_of(value)
        if content is None:
            raise Refused("has a scale or bias that is computed")
        blob = network.layer("BinaryOp", [blob, network.constant(content.reshape(shape))], {0: operation})
    network.put(node.outputs[0], blob, groups)


LAYERS = {
    "BatchNormalization": Layer(_batch, _check_constants),
    "InstanceNormalization": Layer(_instance, _check_constants),
    "LayerNormalization": Layer(_layer, _check_constants),
}
