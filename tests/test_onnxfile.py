"""The reader is held against the package onnx, which the library itself does not use."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from pliant.errors import InputError
from pliant.graph import Tensor, Value
from pliant.onnxfile import SMALL, read
from tests.support import live_model, model


def test_nodes_inputs_outputs_and_opset() -> None:
    data = live_model().model
    graph, expected = read(data), onnx.load_from_string(data)
    assert [(n.op, n.name, list(n.inputs), list(n.outputs)) for n in graph.body.nodes] == [
        (n.op_type, n.name, list(n.input), list(n.output)) for n in expected.graph.node
    ]
    assert graph.body.inputs == (Value("image", "float32", ("n", 3, "h", "w")), Value("factor", "float64", ()))
    assert graph.body.outputs == (Value("result", "float32", ("n", 3, "H", "W")),)
    assert (graph.opsets, graph.ir_version) == ({"": 18}, 10)
    assert next(n for n in graph.body.nodes if n.op == "Resize").attributes == {"mode": "cubic"}
    assert graph.parameters == 81 + 2


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32", "int64", "uint8", "bool"])
@pytest.mark.parametrize("raw", [True, False], ids=["raw", "typed"])
def test_small_constants_are_decoded(dtype: str, raw: bool) -> None:
    values = np.array([[1, 0, 3]], dtype)
    kind = helper.np_dtype_to_tensor_dtype(values.dtype)
    stored = numpy_helper.from_array(values, "c") if raw else helper.make_tensor("c", kind, [1, 3], values.ravel())
    graph = helper.make_graph([helper.make_node("Identity", ["c"], ["y"])], "g", [], [], [stored])
    (tensor,) = read(helper.make_model(graph).SerializeToString()).body.constants
    expected = None if dtype == "float16" and not raw else tuple(values.ravel().astype(float))
    assert tensor == Tensor("c", dtype, (1, 3), expected)


def test_large_constants_are_not_decoded() -> None:
    stored = numpy_helper.from_array(np.zeros(SMALL + 1, np.float32), "c")
    graph = helper.make_graph([], "g", [], [], [stored])
    (tensor,) = read(helper.make_model(graph).SerializeToString()).body.constants
    assert (tensor.values, tensor.size) == (None, SMALL + 1)


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ({"value_float": 2.5}, ("float32", (), (2.5,))),
        ({"value_floats": [1.0, 2.5]}, ("float32", (2,), (1.0, 2.5))),
        ({"value_int": -3}, ("int64", (), (-3,))),
        ({"value_ints": [1, -2]}, ("int64", (2,), (1, -2))),
        ({"value": numpy_helper.from_array(np.array([7], np.int64))}, ("int64", (1,), (7,))),
    ],
)
def test_constant_nodes(attribute: dict[str, object], expected: tuple[object, ...]) -> None:
    graph = helper.make_graph([helper.make_node("Constant", [], ["c"], **attribute)], "g", [], [])
    tensor = read(helper.make_model(graph).SerializeToString()).body.constant("c")
    assert tensor is not None
    assert (tensor.name, tensor.dtype, tensor.dims, tensor.values) == ("c", *expected)


def test_weights_listed_as_inputs_are_no_inputs() -> None:
    weight = numpy_helper.from_array(np.zeros(3, np.float32), "w")
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [3]) for name in ("x", "w", "y")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", infos[:2], infos[2:], [weight])
    assert [value.name for value in read(helper.make_model(graph).SerializeToString()).body.inputs] == ["x"]


def test_branches_and_what_they_take_from_outside() -> None:
    info = helper.make_tensor_value_info
    branches = [
        helper.make_graph([helper.make_node(op, ["x"], [op])], op, [], [info(op, TensorProto.FLOAT, None)])
        for op in ("Relu", "Neg")
    ]
    node = helper.make_node("If", ["c"], ["y"], then_branch=branches[0], else_branch=branches[1])
    inputs = [info("c", TensorProto.BOOL, []), info("x", TensorProto.FLOAT, [2])]
    graph = read(model([node], inputs, [info("y", TensorProto.FLOAT, [2])]).SerializeToString())
    assert graph.body.nodes[0].reads == ("c", "x")
    assert sorted(n.op for n in graph.all_nodes()) == ["If", "Neg", "Relu"]


def test_functions() -> None:
    opset = [helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)]
    function = helper.make_function("mine", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], opset)
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
    main = helper.make_graph([helper.make_node("Twice", ["x"], ["y"], domain="mine")], "g", info[:1], info[1:])
    made = helper.make_model(main, functions=[function], opset_imports=opset)
    graph = read(made.SerializeToString())
    assert list(graph.functions) == [("mine", "Twice")]
    assert graph.functions["mine", "Twice"].nodes[0].op == "Add"


@given(st.data())
def test_damaged_files_are_refused_or_read(data: st.DataObject) -> None:
    whole = bytearray(live_model().model)
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=4)):
        whole[at] = byte
    damaged = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    with suppress(InputError):
        read(damaged)


def test_files_that_strangers_made(reference: Path) -> None:
    for path in [*(reference / "tutorial/golden").glob("*.onnx"), *(reference / "weights/onnx").glob("*.onnx")]:
        expected = onnx.load(path)
        graph = read(path.read_bytes(), path.name)
        assert [n.op for n in graph.body.nodes] == [n.op_type for n in expected.graph.node]
        assert [tuple(t.dims) for t in graph.body.constants] == [tuple(t.dims) for t in expected.graph.initializer]
        for ours, theirs in zip(graph.body.constants, expected.graph.initializer, strict=True):
            if ours.values is not None:
                np.testing.assert_array_equal(ours.values, numpy_helper.to_array(theirs).ravel())
