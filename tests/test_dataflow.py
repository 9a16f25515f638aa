from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from pliant.contract import Resize
from pliant.dataflow import inline, resizes, routes
from pliant.graph import Graph
from pliant.onnxfile import read
from tests.support import fixed_model, live_model, model


def _graph(nodes: list, constants: dict[str, np.ndarray] | None = None, factor_dims: list[int] | None = None) -> Graph:
    info = helper.make_tensor_value_info
    inputs = [info("image", TensorProto.FLOAT, [1, 3, 8, 8]), info("factor", TensorProto.FLOAT, factor_dims or [])]
    return read(model(nodes, inputs, [info("y", TensorProto.FLOAT, None)], constants, check=False).SerializeToString())


def test_routes_of_a_factor() -> None:
    body = inline(read(live_model().model))
    assert sorted(map(str, routes(body, "factor", ["image"]))) == [
        "factor -> Cast -> Unsqueeze -> Concat -> Resize (scales)",
        "factor -> Mul -> Floor -> Cast -> Slice (ends)",
    ]


def test_a_dangling_input_has_no_route() -> None:
    body = inline(_graph([helper.make_node("Relu", ["image"], ["y"])]))
    assert routes(body, "factor", ["image"]) == []


def test_a_value_that_is_returned() -> None:
    body = inline(_graph([helper.make_node("Neg", ["factor"], ["y"])]))
    assert [str(route) for route in routes(body, "factor", ["image"])] == ["factor -> Neg (output)"]


def test_a_value_that_scales_levels() -> None:
    body = inline(_graph([helper.make_node("Mul", ["image", "factor"], ["y"])]))
    assert [str(route) for route in routes(body, "factor", ["image"])] == ["factor -> Mul (input 2)"]


def test_a_value_used_inside_a_branch() -> None:
    info = helper.make_tensor_value_info
    branch = [
        helper.make_graph(
            [helper.make_node(op, ["image", "factor"], [op])], op, [], [info(op, TensorProto.FLOAT, None)]
        )
        for op in ("Mul", "Div")
    ]
    node = helper.make_node("If", ["yes"], ["y"], then_branch=branch[0], else_branch=branch[1])
    body = inline(_graph([node], {"yes": np.array(True)}))
    assert [str(route) for route in routes(body, "factor", ["image"])] == ["factor -> If (inside)"]


def test_functions_are_written_out() -> None:
    opset = [helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)]
    inner = [helper.make_node("Neg", ["a"], ["t"]), helper.make_node("Add", ["t", "b"], ["c"])]
    function = helper.make_function("mine", "F", ["a", "b"], ["c"], inner, opset)
    calls = [
        helper.make_node("F", ["factor", "image"], ["m"], domain="mine"),
        helper.make_node("F", ["factor", "m"], ["y"], domain="mine"),
    ]
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("image", "factor", "y")]
    made = helper.make_model(
        helper.make_graph(calls, "g", infos[:2], infos[2:]), functions=[function], opset_imports=opset
    )
    body = inline(read(made.SerializeToString()))
    assert [node.op for node in body.nodes] == ["Neg", "Add", "Neg", "Add"]
    assert len({name for node in body.nodes for name in node.outputs}) == 4
    assert [str(r) for r in routes(body, "factor", ["image"])] == ["factor -> Neg -> Add (input 1)"] * 2


def test_what_drives_a_resize() -> None:
    live, fixed = read(live_model().model), read(fixed_model())
    assert resizes(live, ["factor"]) == (Resize("resize", "cubic", "scale", ("factor",)),)
    assert resizes(fixed, []) == (Resize("", "nearest", "scale", ()),)


def test_a_resize_by_sizes() -> None:
    nodes = [
        helper.make_node("Cast", ["factor"], ["sizes"], to=TensorProto.INT64),
        helper.make_node("Resize", ["image", "", "", "sizes"], ["y"], name="r", mode="linear"),
    ]
    assert resizes(_graph(nodes, factor_dims=[4]), ["factor"]) == (Resize("r", "linear", "size", ("factor",)),)


def test_functions_are_written_out_in_branches_and_branches_in_functions() -> None:
    opset = [helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)]
    info = helper.make_tensor_value_info
    twice = helper.make_function("mine", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], opset)
    inner = [
        helper.make_graph(
            [helper.make_node(op, ["a"], ["r"], domain=domain)], op, [], [info("r", TensorProto.FLOAT, None)]
        )
        for op, domain in (("Twice", "mine"), ("Neg", ""))
    ]
    choice = helper.make_node("If", ["c"], ["d"], then_branch=inner[0], else_branch=inner[1])
    choose = helper.make_function("mine", "Choose", ["a", "b", "c"], ["d"], [choice], opset)
    call = helper.make_node("Choose", ["factor", "", "yes"], ["f"], name="step/Choose_0", domain="mine")
    nodes = [call, helper.make_node("Mul", ["image", "f"], ["y"])]
    inputs = [
        info("image", TensorProto.FLOAT, [1]),
        info("factor", TensorProto.FLOAT, []),
        info("yes", TensorProto.BOOL, []),
    ]
    graph = helper.make_graph(nodes, "g", inputs, [info("y", TensorProto.FLOAT, None)])
    made = helper.make_model(graph, functions=[twice, choose], opset_imports=opset)
    body = inline(read(made.SerializeToString()))
    assert [node.op for node in body.all_nodes()] == ["If", "Neg", "Add", "Mul"]
    assert body.nodes[0].name.startswith("step/")
    negative, add = (branch.nodes[0] for branch in body.nodes[0].bodies)
    assert (add.inputs, negative.inputs) == (("factor", "factor"), ("factor",))
    assert [branch.outputs[0].name for branch in body.nodes[0].bodies] == [negative.outputs[0], add.outputs[0]]
    assert [str(r) for r in routes(body, "factor", ["image"])] == ["factor -> step -> Mul (input 2)"]


def test_a_resize_that_is_a_function() -> None:
    attributes = {"mode": "bicubic", "semantics": "size"}
    nodes = [
        helper.make_node("Cast", ["factor"], ["size"], to=TensorProto.INT64),
        helper.make_node(
            "resize_bicubic_size", ["image", "", "size"], ["y"], "up/resize_3", domain="pliant", **attributes
        ),
    ]
    graph = _graph(nodes, factor_dims=[2])
    assert resizes(graph, ["factor"]) == (Resize("up", "bicubic", "size", ("factor",)),)
