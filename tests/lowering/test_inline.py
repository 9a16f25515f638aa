"""A file and the same file with its functions written out give the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnx.checker
import onnx_ir as ir
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from torch import Tensor, nn

import pliant
from pliant.artifact import Artifact
from pliant.exporter.to_onnx import unused_inputs
from pliant.lowering.inline import without_functions
from tests.idioms import picture
from tests.operators.users import soften


class Several(nn.Module):
    """Equal resizes, different ones, a roll and a user's operator."""

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        a = F.interpolate(x, scale_factor=factor, mode="bicubic")
        b = F.interpolate(x * 2, scale_factor=(1.5, factor), mode="bicubic")
        c = F.interpolate(soften(x, factor), size=(8, int(x.shape[3] * factor)), mode="nearest")
        return a, torch.roll(x, 3, 2) + 1, b, c


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return pliant.export(Several(), (picture(16, 20), 2.0))


def run(model: bytes, *arrays: Any) -> Any:
    session = onnxruntime.InferenceSession(model)
    return session.run(None, dict(zip((i.name for i in session.get_inputs()), arrays, strict=True)))


def test_uses_are_calls_and_equal_bodies_are_shared(artifact: Artifact) -> None:
    model = onnx.load_from_string(artifact.model)
    calls = [(node.domain, node.op_type) for node in model.graph.node if node.domain]
    assert sorted(calls) == [
        ("pliant", "resize_bicubic_scale"),
        ("pliant", "resize_bicubic_scale"),
        ("pliant", "resize_nearest_2d_size"),
        ("pliant", "roll_2"),
        ("pliant.user", "soften"),
    ]
    assert sorted((f.domain, f.name) for f in model.functions) == sorted(set(calls))
    onnx.checker.check_model(model, full_check=True)


def test_the_node_says_what_is_meant(artifact: Artifact) -> None:
    model = onnx.load_from_string(artifact.model)
    node = next(node for node in model.graph.node if node.op_type == "resize_bicubic_scale")
    function = next(f for f in model.functions if f.name == "resize_bicubic_scale")
    expected = {"mode": b"bicubic", "semantics": b"scale", "align_corners": 0, "antialias": 0}
    assert {a.name: helper.get_attribute_value(a) for a in node.attribute} == expected
    assert {a.name: helper.get_attribute_value(a) for a in function.attribute_proto} == expected
    assert list(function.input) == ["x", "scales", "size"]


def test_written_out_it_gives_the_same(artifact: Artifact) -> None:
    written = without_functions(artifact.model)
    model = onnx.load_from_string(written)
    assert not model.functions
    assert not any(node.domain for node in model.graph.node)
    assert [o.domain for o in model.opset_import] == [""]
    onnx.checker.check_model(model, full_check=True)
    for h, w, f in ((7, 5, 1.3), (1, 1, 2.0), (33, 10, 1.7)):
        arrays = picture(h, w).numpy(), np.asarray(f)
        results = zip(run(artifact.model, *arrays), run(written, *arrays), Several()(picture(h, w), f), strict=True)
        for got, again, expected in results:
            assert np.array_equal(got, again)
            assert got == pytest.approx(expected.numpy(), rel=1e-5, abs=1e-5)


def test_the_contract_stays_in_the_file(artifact: Artifact) -> None:
    written = without_functions(artifact.to_bytes())
    found = Artifact.from_bytes(written, "written out")
    assert found is not None
    assert found.contract == artifact.contract


def test_exporting_twice_gives_equal_bytes(artifact: Artifact) -> None:
    assert pliant.export(Several(), (picture(16, 20), 2.0)).to_bytes() == artifact.to_bytes()


def test_calls_in_control_flow_and_in_functions() -> None:
    opset = [helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)]
    double = helper.make_function("mine", "Double", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], opset)
    calls = [helper.make_node("Double", ["a"], ["t"], domain="mine"), helper.make_node("Neg", ["t"], ["b"])]
    opposite = helper.make_function("mine", "Opposite", ["a"], ["b"], calls, opset)
    x, y, double_x, opposite_x = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y", "Double", "Opposite")
    )
    yes = helper.make_tensor_value_info("yes", TensorProto.BOOL, [])
    branches = [
        helper.make_graph([helper.make_node(v.name, ["x"], [v.name], domain="mine")], v.name, [], [v])
        for v in (double_x, opposite_x)
    ]
    node = helper.make_node("If", ["yes"], ["y"], then_branch=branches[0], else_branch=branches[1])
    graph = helper.make_graph([node], "g", [x, yes], [y])
    model = helper.make_model(graph, functions=[double, opposite], opset_imports=opset, ir_version=9)
    made = model.SerializeToString()
    written = without_functions(made)
    assert not onnx.load_from_string(written).functions
    data = np.array([3.0], np.float32)
    for choice, expected in ((True, 6.0), (False, -6.0)):
        assert run(written, data, np.array(choice)) == run(made, data, np.array(choice)) == [expected]


def test_a_model_without_functions_is_left_alone(artifact: Artifact) -> None:
    written = without_functions(artifact.model)
    assert without_functions(written) == written


CHOICE = """
<ir_version: 9, opset_import: ["" : 18, "mine" : 1]>
g (float[1] x, float[1] y, float[1] z, bool yes) => (float[1] out) {
    out = If (yes) <
        then_branch = a () => (float[1] p) { p = mine.First (x, y) },
        else_branch = b () => (float[1] q) { q = mine.First (x, z) }
    >
}
<domain: "mine", opset_import: ["" : 18, "mine" : 1]>
First (a, b) => (c) { d = mine.Both (a, b)
    c = Identity (a) }
<domain: "mine", opset_import: ["" : 18]>
Both (a, b) => (c) { c = Add (a, b) }
"""


def test_what_a_function_ignores_is_unused_in_branches_too() -> None:
    assert unused_inputs(ir.from_onnx_text(CHOICE)) == ["y", "z"]
    assert unused_inputs(ir.from_onnx_text(CHOICE.replace("Identity (a)", "Mul (a, d)"))) == []
