"""Float16 instead of float32 in a network, but where float16 breaks.

Inputs and outputs stay as they are. Sums over many elements, exponentials and what looks up positions keep float32:
they overflow at 65504, or lose the fraction of a position.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from pliant.lowering.builder import Builder, array_of, attribute, store
from pliant.lowering.dialect import key_of

FLOAT, HALF = ir.DataType.FLOAT, ir.DataType.FLOAT16
LARGEST = float(np.finfo(np.float16).max)
ISLANDS = frozenset(
    """
    BatchNormalization Constant ConstantOfShape CumSum DequantizeLinear Exp EyeLike GridSample GroupNormalization If
    InstanceNormalization LayerNormalization Log LogSoftmax Loop LpNormalization Mean MeanVarianceNormalization
    NonMaxSuppression Pow QuantizeLinear RMSNormalization RandomNormal RandomNormalLike RandomUniform
    RandomUniformLike Range ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMean ReduceProd ReduceSum
    ReduceSumSquare Resize RoiAlign STFT Scan Softmax Softplus Upsample
    """.split()  # noqa: SIM905 - one word a line would fill a page
)


def halve(model: ir.Model) -> None:
    """Let the nodes of a model compute in float16 where that is safe. The types of all values are known."""
    graph = model.graph
    results = list(graph.outputs)
    halves: dict[ir.Value, ir.Value] = {}
    wholes: dict[ir.Value, ir.Value] = {}
    for node in list(graph):
        if _is_island(node):
            _give(node, wholes, HALF, FLOAT, was=set(halves.values()))
        else:
            _give(node, halves, FLOAT, HALF)
            _lower_outputs(node, halves)
    for value in results:
        if value.dtype == HALF and value in halves.values():
            _raise_result(graph, value)


def _is_island(node: ir.Node) -> bool:
    if key_of(node) in ISLANDS or node.domain not in ("", "ai.onnx"):
        return True
    weights = (array_of(v) for v in node.inputs if v is not None and v.dtype == FLOAT)
    return any(w is not None and w.size and float(np.abs(w).max()) > LARGEST for w in weights)


def _give(
    node: ir.Node, known: dict[ir.Value, ir.Value], old: ir.DataType, new: ir.DataType, was: set[ir.Value] | None = None
) -> None:
    """Exchange the inputs of type `old` for values of type `new`, each of which is made once."""
    for at, value in enumerate(node.inputs):
        if value is None or value.dtype != old or (was is not None and value not in was):
            continue
        if value not in known:
            known[value] = _converted(node, value, new)
        node.replace_input_with(at, known[value])


def _converted(node: ir.Node, value: ir.Value, to: ir.DataType) -> ir.Value:
    graph = node.graph
    assert isinstance(graph, ir.Graph)
    stored = array_of(value)
    if stored is not None:
        return store(graph, stored.astype(to.numpy()), f"{value.name}/{to.name.lower()}")
    made = Builder(graph, node)("Cast", value, to=int(to))
    made.type, made.shape = ir.TensorType(to), value.shape
    return made


def _lower_outputs(node: ir.Node, halves: dict[ir.Value, ir.Value]) -> None:
    """The outputs of a node that computes in float16 now; they stand for themselves."""
    if node.op_type == "Cast" and attribute(node, "to") == int(FLOAT):
        node.attributes["to"] = ir.AttrInt64("to", int(HALF))
    for value in node.outputs:
        if value.dtype == FLOAT:
            value.type = ir.TensorType(HALF)
            halves[value] = value


def _raise_result(graph: ir.Graph, value: ir.Value) -> None:
    """A result of the network in float32 again, under its name."""
    name, value.name = str(value.name), f"{value.name}/half"
    whole = Builder(graph, None)("Cast", value, to=int(FLOAT))
    whole.name, whole.type, whole.shape = name, ir.TensorType(FLOAT), value.shape
    for at, output in enumerate(graph.outputs):
        if output is value:
            graph.outputs[at] = whole
