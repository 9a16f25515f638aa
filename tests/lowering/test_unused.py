"""Networks take only what they use: branches that were not taken leave nothing behind."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
import torch
from torch import Tensor, nn

import pliant
from pliant.lowering.unused import remove_unused
from tests.engines.test_matrix import runnable


class OneOrBoth(nn.Module):
    """The second picture is used for large factors only."""

    def forward(self, x: Tensor, y: Tensor, factor: float) -> Tensor:
        if factor > 1:
            return x * factor + y.mean()
        return x * factor


@pytest.mark.parametrize("engine", [engine.name for engine in runnable()])
@pytest.mark.filterwarnings("ignore::pliant.UnverifiedWarning")
def test_a_picture_that_is_not_used(engine: str) -> None:
    model = OneOrBoth()
    artifact = pliant.export(model, (torch.rand(1, 3, 22, 35), torch.rand(1, 3, 22, 35), 1.5))
    session = pliant.load(artifact, engine)
    x, y = torch.rand(1, 3, 9, 8), torch.rand(1, 3, 5, 6)
    for factor in (1.5, 0.5, 3.0):
        expected = model(x, y, factor).numpy()
        assert np.allclose(session(x.numpy(), y.numpy(), factor), expected, rtol=0, atol=1e-6)


def test_what_only_a_removed_branch_used_goes_with_it() -> None:
    x, condition = (
        ir.Value(name="x", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape([2])),
        ir.Value(name="condition", type=ir.TensorType(ir.DataType.BOOL), shape=ir.Shape([])),
    )
    negative, inner = ir.node("Neg", [x]), ir.node("Abs", [x])
    branches = {}
    for name, node in (("then_branch", ir.node("Exp", negative.outputs)), ("else_branch", ir.node("Cos", [x]))):
        branches[name] = ir.Graph([], node.outputs, nodes=[node], name=name)
    dead = ir.node("If", [condition], branches)
    graph = ir.Graph([x, condition], inner.outputs, nodes=[negative, dead, inner], opset_imports={"": 18})

    remove_unused(ir.Model(graph, ir_version=10))

    assert [node.op_type for node in graph] == ["Abs"]
