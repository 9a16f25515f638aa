"""Products of computed matrices with a scale by column, which OpenVINO does not always compile as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

from pliant.engines.openvino import dialect
from pliant.lowering.base import apply
from pliant.lowering.builder import store

A, B = (np.random.default_rng(k).random(s).astype(np.float32) for k, s in enumerate(((2, 5, 3), (2, 3, 4))))


def model(scale: Any, *, weights: bool = False, used_twice: bool = False) -> ir.Model:
    """scale * (a @ b), b being an input or stored weights."""
    a, b = (
        ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape(array.shape))
        for name, array in (("a", A), ("b", B))
    )
    graph = ir.Graph([a, b], [], nodes=[], opset_imports={"": 18}, name="g")
    right = store(graph, B, "weights") if weights else b
    product = ir.node("MatMul", [a, right])
    scaled = ir.node("Mul", [store(graph, np.asarray(scale, np.float32), "scale"), product.outputs[0]])
    graph.extend([product, scaled])
    graph.outputs.append(scaled.outputs[0])
    if used_twice:
        graph.outputs.append(product.outputs[0])
    for k, value in enumerate(graph.outputs):
        value.name, value.type = f"out{k}", ir.TensorType(ir.DataType.FLOAT)
    return ir.Model(graph, ir_version=10)


def results(made: ir.Model) -> list[Any]:
    session = onnxruntime.InferenceSession(ir.to_proto(made).SerializeToString())
    return list(session.run(None, {"a": A, "b": B}))


def test_the_second_matrix_is_scaled_instead() -> None:
    made = model([1.0, 2.0, 3.0, 0.5])
    before = results(made)
    assert apply(made.graph, dialect(), list(made.graph))
    (after,) = results(made)
    assert [n.op_type for n in made.graph if n.outputs[0].uses() or n.outputs[0].is_graph_output()] == ["Mul", "MatMul"]
    assert np.allclose(after, before[0], rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    "made",
    [
        model(2.0),
        model([[1.0], [2.0], [3.0], [4.0], [5.0]]),
        model([1.0, 2.0, 3.0, 0.5], weights=True),
        model([1.0, 2.0, 3.0, 0.5], used_twice=True),
    ],
    ids=["one number", "by row", "weights", "used twice"],
)
def test_all_else_is_left_alone(made: ir.Model) -> None:
    assert not apply(made.graph, dialect(), list(made.graph))
