"""How far a result pixel looks, in pixels of the picture; and numbers in a graph that may come from its size.

A network that looks at a neighbourhood only gives the same pixels for a part of a larger picture, away from the part's
edges. So the file, which knows one size, tells what is right inside a picture of another size.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose, prod
from typing import Any

import onnx_ir as ir

from pliant.importing.base import Reading, called, constant, live
from pliant.importing.factor import POINTWISE, is_pointwise
from pliant.importing.symbols import Shape, symbols
from pliant.lowering.builder import array_of, attribute
from pliant.lowering.shapes.elementwise import RULES as ELEMENTWISE

_MIXING = {
    "CumSum",
    "GroupNormalization",
    "Hardmax",
    "InstanceNormalization",
    "LpNormalization",
    "MeanVarianceNormalization",
    "ReverseSequence",
    "ScatterElements",
    "ScatterND",
    "Trilu",
}
_ALONG_AXIS = ("LayerNormalization", "LogSoftmax", "Softmax")
_MOVING = ("DepthToSpace", "Identity", "Squeeze", "SpaceToDepth", "Unsqueeze", "Concat", "Split", "Transpose")
_CUBIC = 3.0
LEAST = 32  # a length of the file's picture from which a number is suspected to be it


def radius(graph: ir.Graph, reading: Reading, pictures: Sequence[ir.Value]) -> float | None:
    """The largest distance between a result pixel and what it depends on, an upper bound; None if there is none."""
    found: dict[ir.Value, float] = dict.fromkeys(pictures, 0.0)
    high = reading.value(reading.shape(pictures[0])[2])
    for node in graph:
        data = [v for v in node.inputs if v is not None and v in found]
        if not data:
            continue
        reach = _reach(node, reading, high)
        if reach is None:
            return None
        before = max(found[v] for v in data)
        found.update(dict.fromkeys(node.outputs, before + reach))
    return max((found[v] for v in graph.outputs if v in found), default=None)


def _reach(node: ir.Node, reading: Reading, high: int) -> float | None:
    """How far one node looks; None if without a bound or not known."""
    op = node.op_type
    if node.domain:
        return None
    if op in ("Shape", "Size"):
        return 0.0
    shapes = [reading.shapes.get(v) for v in node.inputs if v is not None and v in reading.shapes]
    data = shapes[0] if shapes and shapes[0] is not None else []
    if op in _ALONG_AXIS:
        return _along_axis(node, data)
    if op in ELEMENTWISE:
        return None if op in _MIXING else 0.0
    if op in _MOVING:
        return 0.0
    if op in ("Reshape", "Slice"):
        return _rearranged(node, reading, data, high)
    if op == "Gemm" or op == "MatMul":
        weights = array_of(node.inputs[1]) is not None or array_of(node.inputs[0]) is not None
        return 0.0 if weights else None
    if op.startswith("Reduce") or op in ("ArgMax", "ArgMin"):
        return _reduced(node, data)
    return _spatial(node, reading, data, high)


def _along_axis(node: ir.Node, data: Shape) -> float | None:
    axis = int(attribute(node, "axis", -1)) % max(len(data), 1)
    axes = data[axis:] if node.op_type == "LayerNormalization" else data[axis : axis + 1]
    return None if not data or any(map(live, axes)) else 0.0


def _rearranged(node: ir.Node, reading: Reading, data: Shape, high: int) -> float | None:
    """Blocks of a fixed size that change places, or a margin that is cut off."""
    if op_is_cut(node):
        starts = reading.formulas.get((node, 1)) or constant(node, 1) or [-1]
        fixed = [n for n in starts if isinstance(n, int) and n >= 0]
        return float(max(fixed)) * _pitch(reading, data, high) if len(fixed) == len(starts) else None
    if any({"h", "w"} <= names or {"H", "W"} <= names for names in map(symbols, reading.shape(node.outputs[0]))):
        return None
    return float(max(reading.axes.multiples.values(), default=1))


def op_is_cut(node: ir.Node) -> bool:
    """Whether a node is a Slice."""
    return node.op_type == "Slice"


def _pitch(reading: Reading, data: Shape, high: int) -> float:
    return high / max(reading.value(data[2]), 1) if len(data) == 4 and live(data[2]) else 0.0


def _reduced(node: ir.Node, data: Shape) -> float | None:
    axes = constant(node, 1) or attribute(node, "axes") or [attribute(node, "axis", 0)]
    return None if any(live(data[int(k)]) for k in axes) else 0.0


def _spatial(node: ir.Node, reading: Reading, data: Shape, high: int) -> float | None:
    if len(data) != 4 or not live(data[2]):
        return None
    pitch, op = high / max(reading.value(data[2]), 1), node.op_type
    if op in ("Conv", "ConvTranspose", "AveragePool", "MaxPool", "LpPool"):
        kernel: list[Any] = attribute(node, "kernel_shape") or reading.shape(node.inputs[1])[2:]
        return pitch * max(int(k) * int(d) for k, d in zip(kernel, attribute(node, "dilations", [1, 1]), strict=False))
    if op in ("Resize", "Upsample"):
        taps = _CUBIC if attribute(node, "mode", "nearest") == "cubic" else 2.0
        shrunk = reading.value(data[2]) / max(reading.value(reading.shape(node.outputs[0])[2]), 1)
        aligned = attribute(node, "coordinate_transformation_mode", "half_pixel") == "align_corners"
        return None if aligned else pitch * taps * max(1.0, shrunk)
    if op == "Pad":
        pads = constant(node, 1) or [int(n) for n in attribute(node, "pads", [])]
        return pitch * max((abs(n) for n in pads), default=0) if attribute(node, "mode", "constant") != "wrap" else None
    return None


def suspicious(graph: ir.Graph, reading: Reading, pictures: Sequence[ir.Value]) -> str:
    """A sentence about a number that a graph with global operators computes with and that may come from the size.

    Nothing if there is none. Levels of colour at the picture itself and at the result (255, 127.5) are none.
    """
    lengths = {reading.value(n) for s in reading.shapes.values() for n in s if live(n)}
    areas = {
        prod(reading.value(n) for n in s[2:]) for s in reading.shapes.values() if len(s) == 4 and any(map(live, s))
    }
    sides = {n for n in lengths if n >= LEAST}
    numbers = {float(k) for n in sides for k in (n, n - 1, n / 2, (n - 1) / 2)} | {
        float(n) for n in areas if n >= LEAST
    }
    last = _last(graph)
    for node in graph:
        if node.op_type not in POINTWISE or all(v in reading.known for v in node.outputs):
            continue
        if node in last or any(
            is_pointwise(v, pictures) for v in node.inputs if v is not None and v.const_value is None
        ):
            continue
        for stored in map(array_of, node.inputs):
            if stored is None or stored.size != 1 or stored.dtype.kind not in "f":
                continue
            number = abs(float(stored.reshape(-1)[0]))
            meant = next((n for n in numbers if isclose(number, n, rel_tol=1e-6)), None)
            inverse = next((n for n in numbers if isclose(number * n, 1.0, rel_tol=1e-6)), None)
            if meant or inverse:
                told = f"{meant:g}" if meant else f"1/{inverse:g}"
                return f"{called(node)} computes with {told}, which may come from the size of the picture"
    return ""


def _last(graph: ir.Graph) -> set[ir.Node]:
    """Pointwise nodes with constants, one after the other, at the end of a graph: they give results their range."""
    found: set[ir.Node] = set()
    for value in graph.outputs:
        node = value.producer()
        while node is not None and node.op_type in POINTWISE:
            data = [v for v in node.inputs if v is not None and v.const_value is None]
            if len(data) != 1:
                break
            found.add(node)
            node = data[0].producer()
    return found
