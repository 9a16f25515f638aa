"""Operators that take many elements to one, and what is normalised along an axis."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import attribute
from pliant.lowering.ncnn._layout import Dims, Groups, dims_of, ones
from pliant.lowering.ncnn._network import Network
from pliant.lowering.ncnn.base import Layer
from pliant.lowering.ncnn.layout import numbers

OPERATIONS = {
    "ReduceSum": 0,
    "ReduceSumSquare": 2,
    "ReduceMean": 3,
    "ReduceMax": 4,
    "ReduceMin": 5,
    "ReduceProd": 6,
    "ReduceL1": 7,
    "ReduceL2": 8,
    "ReduceLogSum": 9,
    "ReduceLogSumExp": 10,
}  # of Reduction
ABS, SQUARE, EXP, LOG = 0, 4, 7, 8  # op_type of UnaryOp
OF_ONE = {"ReduceSumSquare": SQUARE, "ReduceL1": ABS, "ReduceL2": ABS, "ReduceLogSum": LOG}  # over a single element


def _reduce(node: ir.Node, network: Network) -> None:
    x = node.inputs[0]
    assert x is not None
    dims = dims_of(x)
    given = numbers(node, 1, "axes")
    if not given and attribute(node, "noop_with_empty_axes", 0):
        network.put(node.outputs[0], *network.any(x))
        return
    axes = sorted({a % len(dims) for a in (given or range(len(dims)))} - ones(dims))
    blob, groups, places = _placed(network, x, dims, axes)
    if places:
        blob = network.layer("Reduction", [blob], {0: OPERATIONS[node.op_type], 1: 0, 3: places, 4: 1, 5: 1})
    elif (alone := OF_ONE.get(node.op_type)) is not None:
        blob = network.layer("UnaryOp", [blob], {0: alone})
    gone = {a % len(dims) for a in (given or range(len(dims)))}
    kept = {a: k for k, a in enumerate(a for a in range(len(dims)) if a not in gone)}
    if attribute(node, "keepdims", 1):
        kept = {a: a for a in kept}
    network.put(node.outputs[0], blob, tuple(tuple(kept[a] for a in g if a in kept) for g in groups))


def _placed(network: Network, x: ir.Value, dims: Dims, axes: list[int]) -> tuple[str, Groups, list[int]]:
    """A blob in which `axes` are apart from the others, merged among themselves or not."""
    blob, groups = network.any(x)
    if not axes:
        return blob, groups, []
    if all(set(g) <= set(axes) or not set(g) & set(axes) for g in groups):
        return blob, groups, [k for k, g in enumerate(groups) if set(g) & set(axes)]
    if axes == list(range(axes[0], axes[-1] + 1)):
        blob, groups = network.flat(x, axes[0], axes[-1] + 1)
        return blob, groups, [1]
    return network.isolated(x, *axes)


def _softmax(node: ir.Node, network: Network) -> None:
    x = node.inputs[0]
    assert x is not None
    axis = int(attribute(node, "axis", -1)) % len(dims_of(x))
    blob, groups, (place,) = network.isolated(x, axis)
    blob = network.layer("Softmax", [blob], {0: place, 1: 1})
    network.put(node.outputs[0], blob, groups)


def _log_softmax(node: ir.Node, network: Network) -> None:
    """x - max - log(sum(exp(x - max)))."""
    x = node.inputs[0]
    assert x is not None
    axis = int(attribute(node, "axis", -1)) % len(dims_of(x))
    blob, groups, places = network.isolated(x, axis)

    def over(kind: str, operand: str) -> str:
        return network.layer("Reduction", [operand], {0: OPERATIONS[kind], 1: 0, 3: places, 4: 1, 5: 1})

    lowered = network.layer("BinaryOp", [blob, over("ReduceMax", blob)], {0: 1})
    total = network.layer("UnaryOp", [over("ReduceSum", network.layer("UnaryOp", [lowered], {0: EXP}))], {0: LOG})
    network.put(node.outputs[0], network.layer("BinaryOp", [lowered, total], {0: 1}), groups)


def _cumulative(node: ir.Node, network: Network) -> None:
    x = node.inputs[0]
    assert x is not None
    (axis,) = numbers(node, 1, "axis") or [0]
    blob, groups, (place,) = network.isolated(x, axis % len(dims_of(x)))
    network.put(node.outputs[0], network.layer("CumulativeSum", [blob], {0: place}), groups)


def _check_cumulative(node: ir.Node) -> str | None:
    if attribute(node, "exclusive", 0) or attribute(node, "reverse", 0):
        return "sums exclusively or backwards, which ncnn does not"
    return None


LAYERS = {
    **dict.fromkeys(OPERATIONS, Layer(_reduce, constants=(1,))),
    "CumSum": Layer(_cumulative, _check_cumulative, constants=(1,)),
    "LogSoftmax": Layer(_log_softmax),
    "Softmax": Layer(_softmax),
}
