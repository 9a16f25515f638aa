"""What is computed beforehand is remembered by sizes and values, and by nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from pliant.lowering.remembered import SETS, Remembered
from pliant.lowering.runtime import Prologue


def model() -> ir.Model:
    """The shape of a picture, times a factor."""
    x = ir.Value(name="x", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape([None, None]))
    factor = ir.Value(name="factor", type=ir.TensorType(ir.DataType.DOUBLE), shape=ir.Shape([]))
    graph = ir.Graph([x, factor], [], nodes=[], opset_imports={"": 18}, name="g")
    shape = ir.node("Shape", [x])
    cast = ir.node("Cast", [shape.outputs[0]], {"to": int(ir.DataType.DOUBLE)})
    product = ir.node("Mul", [cast.outputs[0], factor])
    graph.extend([shape, cast, product])
    product.outputs[0].name, product.outputs[0].type = "size", ir.TensorType(ir.DataType.DOUBLE)
    graph.outputs.append(product.outputs[0])
    return ir.Model(graph, ir_version=10)


def test_by_sizes_and_values(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Any] = []
    run = Prologue.__call__
    monkeypatch.setattr(Prologue, "__call__", lambda self, feeds: (runs.append(1), run(self, feeds))[1])
    remembered = Remembered(model(), {"x"})

    def size(shape: tuple[int, int], factor: float) -> list[float]:
        feeds = {"x": np.random.default_rng().random(shape, np.float32), "factor": np.asarray(factor)}
        return remembered(feeds)["size"].tolist()

    assert size((2, 3), 2.0) == [4, 6]
    assert size((2, 3), 2.0) == [4, 6]
    assert len(runs) == 1
    assert size((2, 4), 2.0) == [4, 8]
    assert size((2, 3), 2.5) == [5, 7.5]
    assert len(runs) == 3
    for k in range(SETS):
        size((9, k + 1), 1.0)
    assert size((2, 3), 2.0) == [4, 6]
    assert len(runs) == 4 + SETS
