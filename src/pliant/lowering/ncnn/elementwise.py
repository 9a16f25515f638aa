"""Operators that work element by element."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.ncnn._layout import MOST, Dims, Groups, Sizes, dims_of, ones
from pliant.lowering.ncnn._network import Network, Parameter
from pliant.lowering.ncnn.base import Layer

BINARY = {"Add": 0, "Sub": 1, "Mul": 2, "Div": 3, "Max": 4, "Min": 5, "Pow": 6}  # op_type of BinaryOp
UNARY = {
    "Abs": 0,
    "Neg": 1,
    "Floor": 2,
    "Ceil": 3,
    "Sqrt": 5,
    "Exp": 7,
    "Log": 8,
    "Sin": 9,
    "Cos": 10,
    "Asin": 12,
    "Acos": 13,
    "Atan": 14,
    "Reciprocal": 15,
    "Tanh": 16,
    "Round": 18,
}  # op_type of UnaryOp
SQUARE = 4
TRUNCATE = 19
WHOLE = (ir.DataType.INT64, ir.DataType.INT32)
MOST_FACTORS = 64  # of a power that is written as products


def aligned(network: Network, values: Sequence[ir.Value], result: ir.Value) -> tuple[list[str], Groups]:
    """Blobs of operands with equally many axes, which meet axis by axis, and the layout that the result then has."""
    dims = [dims_of(v) for v in values]
    rank = max(map(len, dims))
    padded: list[Dims] = [[1] * (rank - len(d)) + d for d in dims]
    candidates = [
        network.any(v)[1] for v, d in zip(values, dims, strict=True) if len(d) == rank and array_of(v) is None
    ]
    apart = [k for k in range(rank) if any(d[k] != 1 for d in padded)]
    if len(apart) <= MOST:
        candidates.append(tuple((k,) for k in apart) or ((),))
    candidates.append(_merged(apart, padded))
    groups = next((g for g in candidates if len(g) <= MOST and _serves(g, apart, padded)), None)
    if groups is None:
        raise Sizes(f"the shapes of its operands, {dims}, to merge axes of {result.name!r}")
    blobs = [_operand(network, v, d, groups, rank) for v, d in zip(values, dims, strict=True)]
    return blobs, groups


def _serves(groups: Groups, apart: list[int], padded: list[Dims]) -> bool:
    """Whether a layout has all axes that count, and merges none along which only some operands are repeated."""
    if not set(apart) <= {a for g in groups for a in g}:
        return False
    return all(_uniform([a for a in group if a in apart], padded) for group in groups)


def _uniform(axes: list[int], padded: list[Dims]) -> bool:
    if len(axes) < 2:
        return True
    for dims in padded:
        lengths = [dims[a] for a in axes]
        if any(n is None for n in lengths) or (1 in lengths and set(lengths) != {1}):
            return False
    full = [[d[a] for a in axes] for d in padded if d[axes[0]] != 1]
    return all(lengths == full[0] for lengths in full)


def _merged(apart: list[int], padded: list[Dims]) -> Groups:
    groups: list[tuple[int, ...]] = []
    for axis in apart:
        if groups and groups[-1][-1] == axis - 1 and _uniform([*groups[-1], axis], padded):
            groups[-1] = (*groups[-1], axis)
        else:
            groups.append((axis,))
    return tuple(groups)


def _operand(network: Network, value: ir.Value, dims: Dims, groups: Groups, rank: int) -> str:
    shift, single = rank - len(dims), ones(dims)
    own = tuple(tuple(a - shift for a in g if a >= shift and a - shift not in single) for g in groups)
    return network.view(value, own)


def _operands(node: ir.Node) -> list[ir.Value]:
    return [v for v in node.inputs if v is not None]


def _binary(node: ir.Node, network: Network) -> None:
    """Two operands, or any number for Max and Min."""
    values = _operands(node)
    blobs, groups = aligned(network, values, node.outputs[0])
    blob = blobs[0]
    for other in blobs[1:]:
        blob = network.layer("BinaryOp", [blob, other], {0: BINARY[node.op_type]})
    if len(blobs) == 1:
        blob = network.layer("Noop", [blob])
    network.put(node.outputs[0], blob, groups)


def _sum(node: ir.Node, network: Network) -> None:
    blobs, groups = aligned(network, _operands(node), node.outputs[0])
    blob = blobs[0]
    for other in blobs[1:]:
        blob = network.layer("BinaryOp", [blob, other], {0: BINARY["Add"]})
    network.put(node.outputs[0], blob, groups)


def _power(node: ir.Node, network: Network) -> None:
    """Whole exponents by products, and roots by a layer of their own: ncnn takes powers of positive numbers."""
    exponent = array_of(node.inputs[1])
    power = float(exponent.item()) if exponent is not None and exponent.size == 1 else None
    assert node.inputs[0] is not None
    if exponent is None or power is None or exponent.ndim > len(dims_of(node.inputs[0])):
        return _binary(node, network)
    x, groups = network.any(node.inputs[0])
    if power == 0.5:
        blob = network.layer("UnaryOp", [x], {0: UNARY["Sqrt"]})
    elif power.is_integer() and 0 < abs(power) <= MOST_FACTORS:
        blob = _product(network, x, int(abs(power)))
        blob = blob if power > 0 else network.layer("UnaryOp", [blob], {0: UNARY["Reciprocal"]})
    else:
        return _binary(node, network)
    network.put(node.outputs[0], blob, groups)
    return None


def _product(network: Network, x: str, count: int) -> str:
    """`x` times itself, `count` factors, by squares."""
    if count == 1:
        return x
    half = _product(network, x, count // 2)
    square = network.layer("UnaryOp", [half], {0: SQUARE})
    return network.layer("BinaryOp", [square, x], {0: BINARY["Mul"]}) if count % 2 else square


def _check_power(node: ir.Node) -> str | None:
    exponent, base = array_of(node.inputs[1]), array_of(node.inputs[0])
    made = None if node.inputs[0] is None else node.inputs[0].producer()
    if (made is not None and made.op_type == "Abs") or (base is not None and (base > 0).all()):
        return None
    if exponent is None:
        return "has an exponent that is computed, and ncnn takes powers of positive numbers only"
    whole = (exponent == np.round(exponent)).any()
    small = exponent.size == 1 and 0 < abs(float(exponent.item())) <= MOST_FACTORS
    return "has whole exponents that ncnn takes of positive numbers only" if whole and not small else None


def _unary(node: ir.Node, network: Network) -> None:
    _map(network, node, "UnaryOp", {0: UNARY[node.op_type]})


def map_with(network: Network, node: ir.Node, make: Callable[[str], str]) -> None:
    """Layers that keep the layout of the only operand."""
    blob, groups = network.any(node.inputs[0])
    network.put(node.outputs[0], make(blob), groups)


def _tangent(node: ir.Node, network: Network) -> None:
    """sin / cos: the layer of ncnn is off by more near the poles."""

    def made(blob: str) -> str:
        parts = [network.layer("UnaryOp", [blob], {0: UNARY[name]}) for name in ("Sin", "Cos")]
        return network.layer("BinaryOp", parts, {0: BINARY["Div"]})

    map_with(network, node, made)


def _map(network: Network, node: ir.Node, kind: str, parameters: dict[int, Parameter] | None = None) -> None:
    map_with(network, node, lambda blob: network.layer(kind, [blob], parameters))


def _simple(kind: str, *parameters: tuple[int, str, float]) -> Callable[[ir.Node, Network], None]:
    """Of a layer whose parameters are attributes: (id, name, what it is by default)."""

    def emit(node: ir.Node, network: Network) -> None:
        _map(network, node, kind, {key: float(attribute(node, name, default)) for key, name, default in parameters})

    return emit


def _clip(node: ir.Node, network: Network) -> None:
    """With numbers for its limits, or values computed beforehand."""
    given: list[Any] = [*node.inputs[1:], None, None][:2]
    limits = [None if v is None else array_of(v) for v in given]
    if all(v is None or found is not None for v, found in zip(given, limits, strict=True)):
        low, high = (default if a is None else float(a.item()) for a, default in zip(limits, (-1, 1), strict=True))
        largest = float(np.finfo(np.float32).max)
        low, high = -largest if limits[0] is None else low, largest if limits[1] is None else high
        return _map(network, node, "Clip", {0: low, 1: high})
    result = node.outputs[0]
    values = [(v, op) for v, op in zip(given, ("Max", "Min"), strict=True) if v is not None]
    blobs, groups = aligned(network, [_operands(node)[0], *(v for v, _ in values)], result)
    blob = blobs[0]
    for other, (_, op) in zip(blobs[1:], values, strict=True):
        blob = network.layer("BinaryOp", [blob, other], {0: BINARY[op]})
    network.put(result, blob, groups)
    return None


def _prelu(node: ir.Node, network: Network) -> None:
    """max(x, 0) + slope * min(x, 0), for slopes of any shape."""
    (x, slope), groups = aligned(network, _operands(node), node.outputs[0])
    zero = network.constant(np.zeros([1] * len(groups), np.float32))
    above = network.layer("BinaryOp", [x, zero], {0: BINARY["Max"]})
    below = network.layer("BinaryOp", [x, zero], {0: BINARY["Min"]})
    scaled = network.layer("BinaryOp", [below, slope], {0: BINARY["Mul"]})
    network.put(node.outputs[0], network.layer("BinaryOp", [above, scaled], {0: BINARY["Add"]}), groups)


def _leaky(node: ir.Node, network: Network) -> None:
    _map(network, node, "ReLU", {0: float(attribute(node, "alpha", 0.01))})


def _gelu(node: ir.Node, network: Network) -> None:
    _map(network, node, "GELU", {0: 1 if attribute(node, "approximate", "none") == "tanh" else 0})


def _identity(node: ir.Node, network: Network) -> None:
    network.put(node.outputs[0], *network.any(node.inputs[0]))


def _cast(node: ir.Node, network: Network) -> None:
    """All values are float32; to a whole number, what follows the point goes."""
    whole = node.attributes["to"].as_int() in WHOLE
    map_with(network, node, lambda blob: network.layer("UnaryOp", [blob], {0: TRUNCATE}) if whole else blob)


def _check_cast(node: ir.Node) -> str | None:
    source, target = node.inputs[0], ir.DataType(node.attributes["to"].as_int())
    dtype = None if source is None else source.dtype
    if dtype is not None and dtype in (ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16):
        return f"reads {str(dtype.name).lower()}, and ncnn computes in float32"
    if target == ir.DataType.FLOAT:
        return None
    readers = {use.node.op_type for use in node.outputs[0].uses()}
    if target in WHOLE and readers <= {"Cast"}:
        return None
    return f"makes {str(target.name).lower()} of a picture, and ncnn computes in float32"


LAYERS = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Max", "Min"), Layer(_binary)),
    **dict.fromkeys(UNARY, Layer(_unary)),
    "Cast": Layer(_cast, _check_cast),
    "Celu": Layer(_simple("CELU", (0, "alpha", 1.0))),
    "Clip": Layer(_clip),
    "Elu": Layer(_simple("ELU", (0, "alpha", 1.0))),
    "Erf": Layer(_simple("Erf")),
    "Gelu": Layer(_gelu),
    "HardSigmoid": Layer(_simple("HardSigmoid", (0, "alpha", 0.2), (1, "beta", 0.5))),
    "HardSwish": Layer(lambda node, network: _map(network, node, "HardSwish", {0: 1 / 6, 1: 0.5})),
    "Identity": Layer(_identity),
    "LeakyRelu": Layer(_leaky),
    "Mish": Layer(_simple("Mish")),
    "PRelu": Layer(_prelu),
    "Pow": Layer(_power, _check_power),
    "Relu": Layer(_simple("ReLU")),
    "Selu": Layer(_simple("SELU", (0, "alpha", 1.6732632), (1, "gamma", 1.0507009))),
    "Sigmoid": Layer(_simple("Sigmoid")),
    "Softplus": Layer(_simple("Softplus")),
    "Sum": Layer(_sum),
    "Tan": Layer(_tangent),
}
