"""Models of opset 11 to 23 in what our dialects read: OpenVINO against ONNX Runtime on the original."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from pliant.engines.base import Options, engines
from pliant.engines.openvino import ENGINE
from pliant.inferred import infer
from pliant.lowering.opset import converted, version_of
from pliant.onnxfile import read

OPSETS = range(11, 24)
IR_VERSIONS = {11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11}
Graph = tuple[list[onnx.NodeProto], dict[str, Any]]
N = helper.make_node


def f32(*values: float) -> Any:
    return np.array(values, np.float32)


def i64(*values: int) -> Any:
    return np.array(values, np.int64)


def weights(*shape: int) -> Any:
    return np.random.default_rng(0).random(shape, np.float32)


def resizes(opset: int) -> dict[str, Graph]:
    """Every coordinate mode with every kind, by scales and to sizes, one of which is a single pixel."""
    found: dict[str, Graph] = {}
    # before opset 13 what is not given had to be an empty tensor
    empty, given = ("none", {"none": f32()}) if opset < 13 else ("", {})
    for coordinates in ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"):
        for mode in ("linear", "cubic", "nearest"):
            how: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": coordinates}
            how |= {"cubic_coeff_a": -0.75} if mode == "cubic" else {}
            how |= {"nearest_mode": "floor"} if mode == "nearest" else {}
            name = f"resize {coordinates} {mode}"
            found[f"{name} scales"] = (
                [N("Resize", ["x", empty, "s"], ["y"], **how)],
                {"s": f32(1, 1, 1.5, 2), **given},
            )
            found[f"{name} sizes"] = (
                [N("Resize", ["x", empty, empty, "z"], ["y"], **how)],
                {"z": i64(1, 3, 1, 7), **given},
            )
    return found


def moved(opset: int) -> dict[str, Graph]:
    """What was an attribute once and is an input now, and operators whose axis meant something else."""
    old = opset < 13
    found: dict[str, Graph] = {}
    for mode in ("constant", "reflect", "edge"):
        found[f"pad {mode}"] = ([N("Pad", ["x", "p"], ["y"], mode=mode)], {"p": i64(0, 0, 1, 2, 0, 0, 3, 0)})
    window = {"a": i64(1, -1), "b": i64(4, -100), "axes": i64(2, 3), "steps": i64(2, -1)}
    found["slice"] = ([N("Slice", ["x", *window], ["y"])], window)
    for kind in ("Mean", "Max", "Min", "L2", "Prod", "LogSumExp", "SumSquare", "L1"):
        if opset < 18:
            found[f"reduce {kind}"] = ([N(f"Reduce{kind}", ["x"], ["y"], axes=[2, 3], keepdims=1)], {})
        else:
            found[f"reduce {kind}"] = ([N(f"Reduce{kind}", ["x", "k"], ["y"], keepdims=1)], {"k": i64(2, 3)})
    if old:
        found["reduce sum"] = ([N("ReduceSum", ["x"], ["y"], axes=[-1], keepdims=0)], {})
        found["squeeze"] = ([N("Unsqueeze", ["x"], ["u"], axes=[0]), N("Squeeze", ["u"], ["y"], axes=[0, 1])], {})
        split, sizes = N("Split", ["x"], ["a", "b"], axis=2, split=[2, 4]), {}
    else:
        found["reduce sum"] = ([N("ReduceSum", ["x", "k"], ["y"], keepdims=0)], {"k": i64(-1)})
        both = {"k": i64(0), "l": i64(0, 1)}
        found["squeeze"] = ([N("Unsqueeze", ["x", "k"], ["u"]), N("Squeeze", ["u", "l"], ["y"])], both)
        split, sizes = N("Split", ["x", "sizes"], ["a", "b"], axis=2), {"sizes": i64(2, 4)}
    found["split"] = ([split, N("Concat", ["b", "a"], ["y"], axis=2)], sizes)
    halves = {} if opset < 18 else {"num_outputs": 2}
    even = N("Split", ["x"], ["a", "b"], axis=2, **halves)
    found["split evenly"] = ([even, N("Concat", ["b", "a"], ["y"], axis=2)], {})
    for kind in ("Softmax", "LogSoftmax", "Hardmax"):
        found[kind] = ([N(kind, ["x"], ["y"], axis=1)], {})
        found[f"{kind} along the last"] = ([N(kind, ["x"], ["y"])] if not old else [N(kind, ["x"], ["y"], axis=3)], {})
    return found


def layers(opset: int) -> dict[str, Graph]:
    """What networks are made of."""
    three = {"scale": f32(1, 2, 3), "bias": f32(0, 1, 0)}
    statistics = {"mean": f32(0.1, 0.2, 0.3), "var": f32(1, 2, 0.5)}
    found: dict[str, Graph] = {
        "batch norm": ([N("BatchNormalization", ["x", *three, *statistics], ["y"], epsilon=1e-3)], three | statistics),
        "instance norm": ([N("InstanceNormalization", ["x", *three], ["y"])], three),
        "clip": ([N("Clip", ["x", "low", "high"], ["y"])], {"low": np.float32(0.2), "high": np.float32(0.7)}),
        "conv": ([N("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])], {"w": weights(4, 3, 3, 3)}),
        "transposed": (
            [N("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], pads=[1] * 4, output_padding=[1, 1])],
            {"w": weights(3, 4, 3, 3)},
        ),
        "depth to space": (
            [N("Conv", ["x", "w"], ["q"]), N("DepthToSpace", ["q"], ["y"], blocksize=2, mode="CRD")],
            {"w": weights(12, 3, 1, 1)},
        ),
        "average": ([N("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2])], {}),
        "largest": ([N("MaxPool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], {}),
        "prelu": ([N("PRelu", ["x", "slope"], ["y"])], {"slope": f32(0.1, 0.2, 0.3).reshape(3, 1, 1)}),
        "gemm": (
            [N("Flatten", ["x"], ["f"]), N("Gemm", ["f", "w", "b"], ["y"], transB=1)],
            {"w": weights(4, 90), "b": weights(4)},
        ),
        "cast": ([N("Cast", ["x"], ["i"], to=TensorProto.INT64), N("Cast", ["i"], ["y"], to=TensorProto.FLOAT)], {}),
        "dropout": ([N("Dropout", ["x"], ["y"])], {}),
        "where": ([N("Greater", ["x", "k"], ["g"]), N("Where", ["g", "x", "k"], ["y"])], {"k": f32(0.5)}),
        "top": ([N("TopK", ["x", "k"], ["y", "i"], axis=2)], {"k": i64(2)}),
        "running sum": ([N("CumSum", ["x", "axis"], ["y"])], {"axis": np.int64(2)}),
        "scatter": ([N("ScatterND", ["x", "i", "u"], ["y"])], {"i": i64(0, 1).reshape(1, 2), "u": weights(1, 6, 5)}),
    }
    younger: dict[int, dict[str, Graph]] = {
        12: {"einsum": ([N("Einsum", ["x", "x"], ["y"], equation="nchw,nchw->nc")], {})},
        14: {"hard swish": ([N("HardSwish", ["x"], ["y"])], {})},
        16: {
            "grid sample": (
                [N("GridSample", ["x", "g"], ["y"], mode="bilinear" if opset < 20 else "linear")],
                {"g": weights(1, 4, 4, 2) * 2 - 1},
            )
        },
        17: {
            "layer norm": (
                [N("LayerNormalization", ["x", "s", "b"], ["y"], axis=1)],
                {"s": weights(3, 6, 5), "b": weights(3, 6, 5)},
            )
        },
        18: {"mish": ([N("Mish", ["x"], ["y"])], {})},
        19: {"pad wrap": ([N("Pad", ["x", "p"], ["y"], mode="wrap")], {"p": i64(0, 0, 1, 2, 0, 0, 3, 0)})},
        20: {"gelu": ([N("Gelu", ["x"], ["y"], approximate="tanh")], {})},
        21: {"group norm": ([N("GroupNormalization", ["x", *three], ["y"], num_groups=3)], three)},
        23: {"rms norm": ([N("RMSNormalization", ["x", "s"], ["y"], axis=-1)], {"s": weights(5)})},
    }
    for since, members in younger.items():
        found |= members if opset >= since else {}
    return found


def joined(opset: int, graphs: dict[str, Graph]) -> bytes:
    """All graphs side by side: one input x, an output for each."""
    nodes: list[onnx.NodeProto] = []
    stored: list[onnx.TensorProto] = []
    for name, (members, constants) in graphs.items():
        for node in members:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            for names in (copy.input, copy.output):
                names[:] = [n if n in ("", "x") else f"{name}/{n}" for n in names]
            nodes.append(copy)
        stored += [numpy_helper.from_array(np.asarray(value), f"{name}/{key}") for key, value in constants.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])
    outputs = [helper.make_tensor_value_info(f"{name}/y", TensorProto.FLOAT, None) for name in graphs]
    graph = helper.make_graph(nodes, "graph", [x], outputs, stored)
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSIONS[opset]).SerializeToString()


@pytest.mark.parametrize("opset", OPSETS)
def test_openvino_gives_what_onnx_runtime_gives_on_the_original(opset: int) -> None:
    graphs = resizes(opset) | moved(opset) | layers(opset)
    model = joined(opset, graphs)
    x = np.random.default_rng(opset).random((1, 3, 6, 5), np.float32)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    expected = onnxruntime.InferenceSession(model, options).run(None, {"x": x})
    got = ENGINE.open(model, infer(read(model, "model")), Options()).run({"x": x})
    for name, result, wanted in zip(graphs, got, expected, strict=True):
        assert result.shape == wanted.shape, name
        np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-5, err_msg=name)


def test_upsample_of_opset_9() -> None:
    for mode in ("nearest", "linear"):
        graph = {"up": ([N("Upsample", ["x", "s"], ["y"], mode=mode)], {"s": f32(1, 1, 2, 2)})}
        model = onnx.load_from_string(joined(11, graph))
        model.opset_import[0].version = 9
        content = model.SerializeToString()
        x = weights(1, 3, 6, 5)
        (expected,) = onnxruntime.InferenceSession(content).run(None, {"x": x})
        (got,) = ENGINE.open(content, infer(read(content, "model")), Options()).run({"x": x})
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def test_what_cannot_be_moved_is_refused() -> None:
    """DeformConv is of opset 19, and no schema says what it is."""
    operands = {"w": weights(4, 3, 3, 3), "o": weights(1, 18, 4, 3)}
    model = joined(19, {"deform": ([N("DeformConv", ["x", "w", "o"], ["y"])], operands)})
    with pytest.raises(RuntimeError, match="DeformConv"):
        converted(onnx.load_from_string(model), 18)


def test_antialias_has_the_weights_of_onnx() -> None:
    """OpenVINO's own are others: 0.2 away."""
    filtered = N("Resize", ["x", "", "", "z"], ["y"], mode="linear", antialias=1, axes=[2, 3])
    content = joined(18, {"smaller": ([filtered], {"z": i64(3, 3)})})
    x = weights(1, 3, 9, 7)
    (expected,) = onnxruntime.InferenceSession(content).run(None, {"x": x})
    (got,) = ENGINE.open(content, infer(read(content, "model")), Options()).run({"x": x})
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def test_a_model_in_the_opset_is_left_alone() -> None:
    model = onnx.load_from_string(joined(18, moved(18)))
    assert converted(model, 18) is model
    assert version_of(converted(model, 21)) == 21
    assert ENGINE in engines()
