"""Comparisons, and what is made of their results: 1 for true and 0 for false.

Exact for finite numbers; a comparison with NaN, or of two infinite numbers, may differ from ONNX.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir

from pliant.lowering.ncnn._network import Network
from pliant.lowering.ncnn.base import Layer
from pliant.lowering.ncnn.elementwise import BINARY, UNARY, aligned, map_with

Make = Callable[[Network, str, str], str]


def _op(network: Network, name: str, a: str, b: str) -> str:
    return network.layer("BinaryOp", [a, b], {0: BINARY[name]})


def _above(network: Network, a: str, b: str) -> str:
    """a > b."""
    return network.layer("Threshold", [_op(network, "Sub", a, b)], {0: 0.0})


def opposite(network: Network, blob: str) -> str:
    """1 - blob."""
    return network.layer("BinaryOp", [blob], {0: 7, 1: 1, 2: 1.0})  # 7: the number minus the blob


def _equal(network: Network, a: str, b: str) -> str:
    return opposite(network, _op(network, "Max", _above(network, a, b), _above(network, b, a)))


MAKE: dict[str, Make] = {
    "And": lambda network, a, b: _op(network, "Mul", a, b),
    "Equal": _equal,
    "Greater": _above,
    "GreaterOrEqual": lambda network, a, b: opposite(network, _above(network, b, a)),
    "Less": lambda network, a, b: _above(network, b, a),
    "LessOrEqual": lambda network, a, b: opposite(network, _above(network, a, b)),
    "Or": lambda network, a, b: _op(network, "Max", a, b),
    "Xor": lambda network, a, b: network.layer("UnaryOp", [_op(network, "Sub", a, b)], {0: UNARY["Abs"]}),
}


def _compare(node: ir.Node, network: Network) -> None:
    values = [v for v in node.inputs if v is not None]
    (a, b), groups = aligned(network, values, node.outputs[0])
    network.put(node.outputs[0], MAKE[node.op_type](network, a, b), groups)


def _not(node: ir.Node, network: Network) -> None:
    map_with(network, node, lambda blob: opposite(network, blob))


def _sign(node: ir.Node, network: Network) -> None:
    def made(blob: str) -> str:
        above = network.layer("Threshold", [blob], {0: 0.0})
        below = network.layer("Threshold", [network.layer("UnaryOp", [blob], {0: UNARY["Neg"]})], {0: 0.0})
        return _op(network, "Sub", above, below)

    map_with(network, node, made)


LAYERS = {**dict.fromkeys(MAKE, Layer(_compare)), "Not": Layer(_not), "Sign": Layer(_sign)}
