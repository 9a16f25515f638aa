"""Every operator that becomes layers of ncnn, beside ONNX Runtime, with odd shapes; none may differ silently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pliant.errors import LoweringError
from pliant.lowering.lower import infer
from pliant.lowering.ncnn._run import Compiled
from pliant.lowering.ncnn.base import layers

LAYERS = layers()
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A node: the shapes of its pictures, then its constants."""

    op: str
    shapes: Sequence[Shape]
    constants: Sequence[Any] = ()
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    positive: bool = False
    outputs: int = 1

    def __str__(self) -> str:
        told = [f"{k}={v}" for k, v in self.attributes.items()]
        constants = [c.tolist() if isinstance(c, np.ndarray) and c.size < 9 else np.shape(c) for c in self.constants]
        return f"{self.op} {' '.join(map(str, [*self.shapes, *constants, *told]))}"


def weight(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32) * np.float32(0.4)


def ints(*values: int) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def broadcasts() -> Iterator[Case]:
    pairs = [
        ((1, 3, 5, 7), (3, 1, 1)),
        ((1, 3, 5, 7), (7,)),
        ((1, 3, 5, 7), ()),
        ((2, 3, 5, 7), (1, 3, 1, 7)),
        ((2, 3, 4, 5, 6), (5, 1)),
        ((2, 3, 4, 5, 6), (2, 1, 4, 1, 1)),
        ((4,), (3, 1)),
        ((1, 1, 5, 7), (1, 8, 1, 1)),
        ((2, 2, 3, 2, 3, 2), (2, 1, 2)),
    ]
    for op in ("Add", "Sub", "Mul", "Div", "Max", "Min"):
        for a, b in pairs if op == "Sub" else pairs[:2]:
            yield Case(op, [a, b])
            yield Case(op, [a], [weight(*b)])


def elementwise() -> Iterator[Case]:
    alone = "Abs Neg Floor Ceil Exp Sin Cos Tan Atan Reciprocal Tanh Round Erf Relu Sigmoid Softplus Mish HardSwish Elu"
    for op in f"{alone} Selu Celu LeakyRelu HardSigmoid Identity Sign".split():
        yield Case(op, [(1, 3, 5, 7)])
    yield Case("Sqrt", [(2, 3, 4, 5, 3)], positive=True)
    yield Case("Log", [(4,)], positive=True)
    for power in (0.5, 1, 2, 3, 4, -1, -3, 7):
        yield Case("Pow", [(1, 3, 5, 7)], [np.float32(power)], positive=power == 0.5)
    yield Case("Clip", [(1, 3, 5, 7)], [np.float32(-0.2), np.float32(0.5)])
    yield Case("Clip", [(1, 3, 5, 7), (), ()])
    yield Case("PRelu", [(1, 3, 5, 7)], [weight(3, 1, 1)])
    yield Case("Sum", [(1, 3, 4, 4), (3, 1, 1), (1,)])


def windows() -> Iterator[Case]:
    for groups, channels, results in ((1, 3, 8), (1, 16, 16), (2, 4, 6), (6, 6, 12), (8, 16, 8)):
        for kernel, how in (
            ((3, 3), {"pads": [1, 1, 1, 1]}),
            ((1, 1), {}),
            ((5, 3), {"strides": [2, 1], "dilations": [1, 2], "pads": [2, 0, 1, 3]}),
        ):
            w = weight(results, channels // groups, *kernel)
            yield Case("Conv", [(1, channels, 9, 11)], [w, weight(results)], {"group": groups, **how})
            yield Case("Conv", [(3, channels, 9, 11)], [w], {"group": groups, **how})
        w = weight(channels, results // groups, 3, 3)
        more = {"strides": [2, 2], "pads": [0, 1, 1, 0], "output_padding": [1, 1], "group": groups}
        yield Case("ConvTranspose", [(1, channels, 5, 6)], [w, weight(results)], {"group": groups})
        yield Case("ConvTranspose", [(2, channels, 5, 6)], [w], more)
    yield Case("Conv", [(1, 3, 9, 9)], [weight(4, 3, 2, 2)], {"auto_pad": "SAME_LOWER"})
    yield Case("Conv", [(2, 4, 19)], [weight(4, 1, 3), weight(4)], {"pads": [1, 1], "group": 4})
    yield Case("Conv", [(1, 3, 5, 6, 7)], [weight(4, 3, 3, 2, 3)], {"strides": [1, 2, 1]})
    for op in ("MaxPool", "AveragePool"):
        for kernel, how in (
            ((2, 2), {"strides": [2, 2], "ceil_mode": 1}),
            ((3, 2), {"strides": [1, 2], "pads": [1, 0, 1, 1]}),
        ):
            yield Case(op, [(1, 5, 13, 11)], [], {"kernel_shape": kernel, **how})
        yield Case(op, [(2, 5, 6, 7, 8)], [], {"kernel_shape": (2, 2, 2), "strides": (2, 2, 2)})
    counted = {"kernel_shape": (3, 3), "pads": [1, 1, 1, 1], "count_include_pad": 1}
    yield Case("AveragePool", [(1, 5, 13, 12)], [], counted)
    yield Case("GlobalAveragePool", [(2, 5, 6, 7)])
    yield Case("GlobalMaxPool", [(1, 5, 6)])


def products() -> Iterator[Case]:
    for a, b in [
        ((5, 4), (4, 3)),
        ((2, 5, 4), (4, 3)),
        ((5, 4), (1, 3, 4, 6)),
        ((2, 1, 5, 4), (3, 4, 6)),
        ((2, 2, 3, 5, 4), (2, 2, 3, 4, 2)),
        ((4,), (2, 4, 3)),
        ((2, 5, 4), (4,)),
        ((4,), (4,)),
        ((7, 1, 5, 4), (7, 3, 4, 2)),
        ((1, 3, 64, 70), (70, 90)),
    ]:
        yield Case("MatMul", [a, b])
        yield Case("MatMul", [a], [weight(*b)])
    yield Case("Gemm", [(4, 5)], [weight(3, 4), weight(3)], {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0})
    yield Case("Gemm", [(5, 4), (4, 3)])


def layouts() -> Iterator[Case]:
    for perm in permutations(range(4)):
        yield Case("Transpose", [(2, 3, 4, 5)], [], {"perm": perm})
    for perm in ((2, 0, 3, 1, 4), (4, 3, 2, 1, 0), (0, 1, 4, 2, 5, 3), (0, 1, 3, 2, 4, 5), (5, 3, 1, 4, 2, 0)):
        yield Case("Transpose", [(2, 3, 4, 2, 5, 3)[: len(perm)]], [], {"perm": perm})
    for old, new in [((1, 3, 4, 6), (2, 2, 3, 6)), ((2, 3, 4, 2, 3, 2), (6, 48)), ((1, 3, 8, 8), (1, 3, 4, 2, 4, 2))]:
        yield Case("Reshape", [old], [ints(*new)])
    yield Case("Unsqueeze", [(1, 3, 4, 5)], [ints(2, -1)])
    yield Case("Squeeze", [(1, 3, 1, 4)], [ints(0, 2)])
    yield Case("Flatten", [(2, 3, 4, 5)], [], {"axis": 2})
    for axis in range(4):
        yield Case("Concat", [(2, 3, 4, 5), (2, 3, 4, 5)], [], {"axis": axis})
    yield Case("Concat", [(2, 3, 4, 5, 2), (2, 3, 1, 5, 2)], [], {"axis": 2})
    yield Case("Concat", [(1, 1, 4, 5), (1, 8, 4, 5)], [], {"axis": 1})
    for start, end, axes in [
        ((0, 1), (2, -1), (1, 3)),
        ((-2,), (2**63 - 1,), (3,)),
        ((0,), (100,), (2,)),
        ((4,), (12,), (1,)),
    ]:
        yield Case("Slice", [(2, 13, 5, 6)], [ints(*start), ints(*end), ints(*axes)])
    yield Case("Split", [(1, 12, 4, 5)], [ints(4, 3, 5)], {"axis": 1}, outputs=3)
    yield Case("Expand", [(1, 2, 1, 3, 1)], [ints(2, 2, 3, 3, 2)])
    yield Case("Tile", [(2, 3, 4, 5)], [ints(2, 1, 2, 1)])
    for mode in ("constant", "reflect", "edge"):
        yield Case("Pad", [(1, 16, 6, 7)], [ints(0, 0, 1, 2, 0, 0, 2, 1)], {"mode": mode})
        yield Case("Pad", [(1, 3, 6, 7)], [ints(0, 1, 1, 1, 0, 2, 0, 2)], {"mode": mode})
    yield Case("Pad", [(1, 3, 6, 7)], [ints(-1, 2, 1, -2), np.float32(1.5), ints(2, 3)])
    yield Case("Gather", [(1, 8, 4, 5)], [ints(2, 3)], {"axis": 1})
    yield Case("Gather", [(3, 8, 4, 5)], [np.int64(-1)], {"axis": 0})


def reductions() -> Iterator[Case]:
    for op in ("Sum", "SumSquare", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSum", "LogSumExp"):
        for axes in ((1,), (-1, 2), (0,), (1, 3), (0, 1, 2, 3)):
            yield Case(f"Reduce{op}", [(2, 5, 6, 7)], [ints(*axes)], {"keepdims": axes[0] % 2}, positive=True)
        yield Case(f"Reduce{op}", [(1, 16, 4, 5)], [ints(0)], positive=True)
    for axis in range(4):
        yield Case("Softmax", [(2, 3, 8, 5)], [], {"axis": axis})
        yield Case("CumSum", [(2, 3, 4, 5)], [np.int64(axis)])
    yield Case("LogSoftmax", [(2, 3, 5, 7)], [], {"axis": 1})
    yield Case("LayerNormalization", [(2, 7, 12)], [weight(12), weight(12)], {"epsilon": 1e-3})
    yield Case("LayerNormalization", [(2, 3, 7, 12)], [weight(7, 12)], {"axis": 2})
    yield Case("InstanceNormalization", [(2, 5, 6, 7)], [weight(5), weight(5)])
    yield Case("BatchNormalization", [(2, 5, 6)], [weight(5), weight(5), weight(5), np.abs(weight(5))])


def pictures() -> Iterator[Case]:
    for mode in ("CRD", "DCR"):
        yield Case("DepthToSpace", [(2, 18, 3, 5)], [], {"blocksize": 3, "mode": mode})
    yield Case("SpaceToDepth", [(1, 16, 4, 6)], [], {"blocksize": 2})
    yield Case("Col2Im", [(2, 3 * 6, 20)], [ints(5, 7), ints(2, 3)])
    more = {"pads": [1, 0, 1, 2], "strides": [2, 1], "dilations": [1, 2]}
    yield Case("Col2Im", [(1, 2 * 6, 15)], [ints(5, 7), ints(2, 3)], more)
    for mode in ("linear", "nearest", "cubic"):
        for border in ("zeros", "border", "reflection"):
            for corners in (0, 1):
                how = {"mode": mode, "padding_mode": border, "align_corners": corners}
                yield Case("GridSample", [(1, 3, 9, 8), (1, 6, 7, 2)], [], how)
    yield Case("GridSample", [(2, 3, 5, 9, 8), (2, 4, 6, 7, 3)], [], {"mode": "linear"})


ALL = [*broadcasts(), *elementwise(), *windows(), *products(), *layouts(), *reductions(), *pictures()]


def run(case: Case) -> tuple[list[Any], dict[str, Any]]:
    """What ONNX Runtime and ncnn give."""
    made = np.random.default_rng(7)
    names = [f"x{k}" for k in range(len(case.shapes))]
    arrays = [made.standard_normal(s).astype(np.float32) for s in case.shapes]
    feeds = dict(zip(names, [np.abs(a) + np.float32(0.1) if case.positive else a for a in arrays], strict=True))
    constants = [numpy_helper.from_array(np.asarray(c), f"c{k}") for k, c in enumerate(case.constants)]
    outputs = [helper.make_tensor_value_info(f"y{k}", TensorProto.FLOAT, None) for k in range(case.outputs)]
    node = helper.make_node(
        case.op, [*names, *(c.name for c in constants)], [o.name for o in outputs], name="node", **case.attributes
    )
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, f.shape) for n, f in feeds.items()]
    graph = helper.make_graph([node], "g", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    expected: Any = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)
    body = ir.serde.deserialize_model(model)
    infer(body)
    assert LAYERS[case.op].check(next(iter(body.graph))) is None
    return expected, Compiled(body, LAYERS, 1)(feeds)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_equal_to_onnx_runtime(case: Case) -> None:
    expected, got = run(case)
    for k, wanted in enumerate(expected):
        assert got[f"y{k}"].shape == wanted.shape
        np.testing.assert_allclose(got[f"y{k}"], wanted, rtol=2e-5, atol=2e-5 * max(1, np.abs(wanted).max()))


def test_windows_that_ncnn_counts_otherwise_are_refused() -> None:
    how = {"kernel_shape": (3, 3), "strides": (2, 2), "pads": [1, 1, 1, 1], "ceil_mode": 1}
    with pytest.raises(LoweringError, match=r"MaxPool 'node' has windows that reach beyond its pads \(ceil_mode\)"):
        run(Case("MaxPool", [(1, 5, 13, 12)], [], how))


def test_every_operator_of_the_family_is_tried() -> None:
    elsewhere = {"Cast", "DeformConv", "Gelu", "And", "Or", "Xor", "Not", "Equal", "Greater", "GreaterOrEqual", "Less"}
    assert set(LAYERS) - {case.op for case in ALL} == elsewhere | {"LessOrEqual", "Asin", "Acos"}
