"""Cutting a model in what is computed beforehand and what an engine runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
import torch
from onnx import TensorProto, helper, parser
from torch import Tensor, nn

import pliant
from pliant.contract import Contract, Dim, Input, Output
from pliant.errors import LoweringError
from pliant.lowering.dialect import Dialect, accept
from pliant.lowering.lower import Network, Undecided, decided, infer, lower, read
from pliant.lowering.prologue import answer_shapes
from pliant.lowering.runtime import Prologue
from tests import catalogue
from tests.idioms import picture

ANY = Dialect("any", anything=True)


class Scaled(nn.Module):
    """A resize by a live factor between two convolutions, and a strength."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.tail = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, x: Tensor, factor: float, strength: float) -> Any:
        y = nn.functional.interpolate(self.head(x), scale_factor=factor, mode="bicubic")
        return self.tail(y) * strength, int(x.shape[2] * factor)


def lowered(module: nn.Module, args: tuple[Any, ...], dialect: Dialect = ANY) -> Network | Undecided:
    artifact = pliant.export(module.eval(), args)
    return lower(read(artifact.model, dialect), artifact.contract, dialect)


def test_no_number_is_left_to_the_network() -> None:
    network = lowered(Scaled(), (picture(6, 7), 2.0, 0.5))
    assert isinstance(network, Network)
    assert network.body is not None
    assert network.prologue is not None
    assert [v.name for v in network.prologue.graph.inputs] == ["x", "factor", "strength"]
    assert network.body.graph.inputs[0].name == "x"
    dtypes = {v.dtype for node in network.body.graph for v in node.outputs}
    assert dtypes == {ir.DataType.FLOAT}
    assert not {"Shape", "Range", "Floor"} & {node.op_type for node in network.body.graph}
    assert len(network.body.graph.outputs) == 1  # the size that is returned is computed beforehand


def test_a_passed_value_is_what_pytorch_computes() -> None:
    network = lowered(Scaled(), (picture(6, 7), 2.0, 0.5))
    assert isinstance(network, Network)
    assert network.prologue is not None
    prologue = Prologue(network.prologue)
    for h, factor in ((10, 1.3), (7, 2.5), (1, 1.0)):
        feeds = {"x": np.zeros((1, 3, h, 5), np.float32), "factor": np.array(factor), "strength": np.array(1.0)}
        assert int(h * factor) in [int(a) for a in prologue(feeds).values() if a.ndim == 0 and a.dtype == np.int64]


@pytest.mark.parametrize("group", catalogue.GROUPS)
def test_the_shape_of_every_result_is_known_before_it_is_computed(group: str) -> None:
    artifact, runs = catalogue.exported(group)
    model = read(artifact.model, ANY)
    for value in list(model.graph.outputs):
        asked = ir.Value(name=f"{value.name}/shape", type=ir.TensorType(ir.DataType.INT64))
        model.graph.append(ir.Node("", "Shape", [value], outputs=[asked]))
        model.graph.outputs.append(asked)
    del model.graph.outputs[: len(catalogue.GROUPS[group])]
    answer_shapes(model.graph, {"x"})
    held = {"x"}
    for node in model.graph:  # what reads the picture itself, or what is computed from it
        if node.op_type != "Shape" and any(v is not None and v.name in held for v in node.inputs):
            held.update(str(v.name) for v in node.outputs)
    assert not held & {v.name for v in model.graph.outputs}
    prologue = Prologue(model)
    for x, expected in runs:
        assert [a.tolist() for a in prologue({"x": x}).values()] == [list(y.shape) for y in expected]


class Decides(nn.Module):
    """A decision on a live number, a loop over another, and a list that the loop fills."""

    def forward(self, x: Tensor, f: float, n: int) -> Tensor:
        maps = []
        for k in range(n):
            x = x + torch.relu(x - 0.1 * k)
            maps.append(x.mean((2, 3), keepdim=True))
        x = x * 2 if f > 1.5 else torch.sin(x)
        return x + torch.stack(maps).sum(0)


def test_decisions_and_loops_are_written_out() -> None:
    asking = lowered(Decides(), (picture(5, 6), 2.0, 2))
    assert isinstance(asking, Undecided)
    question = Prologue(asking.question)
    x = np.zeros((1, 3, 5, 6), np.float32)
    artifact_contract = pliant.export(Decides(), (picture(5, 6), 2.0, 2)).contract
    for f, n in ((1.0, 1), (2.0, 3)):
        answers = question({"x": x, "f": np.array(f), "n": np.array(n)})
        network = lower(decided(asking, answers), artifact_contract, ANY)
        while isinstance(network, Undecided):
            answers = Prologue(network.question)({"x": x, "f": np.array(f), "n": np.array(n)})
            network = lower(decided(network, answers), artifact_contract, ANY)
        assert network.body is not None
        kinds = [node.op_type for node in network.body.graph]
        assert not {"If", "Loop", "SequenceInsert", "ConcatFromSequence"} & set(kinds)
        assert kinds.count("Relu") == n
        assert ("Sin" in kinds) == (f <= 1.5)


def small(node: Any, inputs: list[Any], outputs: list[Any]) -> bytes:
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)]
    graph = helper.make_graph([node], "g", inputs, outputs)
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def tensor(name: str, dims: list[Any], dtype: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, dtype, dims)


CONTRACT = Contract((Input("x", "float32", (Dim("a"), Dim("b"))),), (Output("y", "float32", ("a", "b")),))


@pytest.mark.parametrize(
    ("node", "dialect", "told"),
    [
        (helper.make_node("Warp", ["x"], ["y"], "bend", domain="mine"), ANY, r"mine::Warp 'bend' is an operator that"),
        (helper.make_node("Erf", ["x"], ["y"], "err"), Dialect("few", {"Relu": accept}), r"Erf 'err' is an operator"),
        (
            helper.make_node("Elu", ["x"], ["y"], "e", alpha=0.3),
            Dialect("few", {"Elu": lambda node: "has alpha 0.3, and the engine only knows 1"}),
            r"Elu 'e' has alpha 0.3, and the engine only knows 1",
        ),
    ],
)
def test_what_an_engine_lacks_is_named(node: Any, dialect: Dialect, told: str) -> None:
    model = read(small(node, [tensor("x", ["a", "b"])], [tensor("y", ["a", "b"])]), dialect)
    with pytest.raises(LoweringError, match=told) as caught:
        lower(model, CONTRACT, dialect)
    assert f"'{dialect.name}'" in str(caught.value)
    assert "No rule" in str(caught.value)


def test_types_that_an_engine_lacks_are_named() -> None:
    node = helper.make_node("Cast", ["x"], ["y"], "wide", to=TensorProto.DOUBLE)
    model = read(small(node, [tensor("x", ["a", "b"])], [tensor("y", ["a", "b"], TensorProto.DOUBLE)]), ANY)
    with pytest.raises(LoweringError, match=r"Cast 'wide' gives float64, and the engine computes in"):
        lower(model, CONTRACT, ANY)


def test_a_result_that_is_an_input_keeps_both_names() -> None:
    """A decision that hands the picture on unchanged: the result is the input, under the name of a result."""

    class Maybe(nn.Module):
        def forward(self, x: Tensor, f: float) -> Tensor:
            return x * f if f > 1 else x

    artifact = pliant.export(Maybe(), (picture(3, 4), 2.0))
    with pliant.load(artifact, "openvino") as session:
        x = picture(3, 5).numpy()
        for f in (0.5, 3.0):
            np.testing.assert_allclose(session(x, f), x * np.float32(f) if f > 1 else x)


def test_a_shape_that_is_computed_beforehand_is_asked_for_once() -> None:
    """Of a value that is known beforehand and has no formula, the shape is a question to the prologue, which stays."""
    text = """<ir_version: 8, opset_import: ["" : 18]> t (float[n, h] x, float[k] s) => (float[m, l] y) {
        some = NonZero(s) count = Shape(some) y = Expand(x, count)
    }"""
    model = ir.serde.deserialize_model(parser.parse_model(text))
    infer(model)
    expand = model.graph.outputs[0].producer()
    assert answer_shapes(model.graph, {"x"}) == (False, False)
    assert expand is not None
    assert expand.inputs[1] is not None
    assert expand.inputs[1].name == "count"
