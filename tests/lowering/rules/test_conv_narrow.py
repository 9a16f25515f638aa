"""Convolutions to few channels, in two steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

from pliant.engines.openvino import dialect
from pliant.lowering.base import apply
from pliant.lowering.builder import store

X = np.random.default_rng(0).random((2, 16, 11, 13), np.float32)


def model(shape: tuple[int, ...], *, bias: bool = True, **attributes: Any) -> ir.Model:
    random = np.random.default_rng(1)
    x = ir.Value(name="x", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape(X.shape))
    graph = ir.Graph([x], [], nodes=[], opset_imports={"": 18}, name="g")
    weight = store(graph, random.standard_normal(shape, np.float32), "weight")
    further = [store(graph, random.random(shape[0], np.float32), "bias")] if bias else []
    node = ir.node("Conv", [x, weight, *further], attributes)
    graph.append(node)
    graph.outputs.append(node.outputs[0])
    node.outputs[0].name, node.outputs[0].type = "out", ir.TensorType(ir.DataType.FLOAT)
    return ir.Model(graph, ir_version=10)


def result(made: ir.Model) -> Any:
    return onnxruntime.InferenceSession(ir.to_proto(made).SerializeToString()).run(None, {"x": X})[0]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3, 16, 5, 5), (1, 16, 3, 9), (4, 16, 2, 3)])
@pytest.mark.parametrize("pads", [(2, 2, 2, 2), (0, 1, 2, 3), (0, 0, 0, 0)])
def test_the_same_result(shape: tuple[int, ...], pads: tuple[int, ...], bias: bool) -> None:
    made = model(shape, bias=bias, pads=pads)
    before = result(made)
    assert apply(made.graph, dialect(), list(made.graph))
    assert [n.op_type for n in made.graph] == ["Conv", "Conv"]
    after = result(made)
    assert after.shape == before.shape
    assert np.abs(after - before).max() <= 2e-6 * np.abs(before).max()


@pytest.mark.parametrize(
    "made",
    [
        model((3, 16, 1, 5)),
        model((3, 16, 1, 1)),
        model((16, 16, 3, 3)),
        model((7, 16, 5, 5)),
        model((4, 8, 3, 3), group=2),
        model((3, 16, 3, 3), strides=[2, 2]),
        model((3, 16, 3, 3), dilations=[2, 2]),
    ],
    ids=["row", "pixel", "many", "too many", "groups", "strides", "dilations"],
)
def test_others_stay(made: ir.Model) -> None:
    assert not apply(made.graph, dialect(), list(made.graph))
