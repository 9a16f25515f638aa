"""Networks in float16 with islands of float32: right where plain float16 is not, and close everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn

import pliant
from pliant.lowering.dialect import Dialect
from pliant.lowering.lower import infer, read
from pliant.lowering.precision import examples_of, halved
from pliant.lowering.runtime import serialized
from tests.idioms import Item, picture

ERROR = 4e-3  # of the range: what is declared for f16
HALF = onnx.TensorProto.FLOAT16


class Overflow(nn.Module):
    """Squares beyond 65504, which come back; weights that float16 does not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.last = nn.Conv2d(4, 3, 1)
        self.last.weight.data *= 3e-6

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.conv(x) * 600)
        return self.last(y * y) + x


class Small(nn.Module):
    """A norm of values whose squares vanish in float16, with an epsilon that does, too."""

    def forward(self, x: Tensor) -> Tensor:
        y = x * 1e-3
        centred = y - y.mean(1, keepdim=True)
        return centred / torch.sqrt((centred * centred).mean(1, keepdim=True) + 2e-8)


class Attention(nn.Module):
    """A softmax by hand, whose exponentials overflow."""

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        flat = x.reshape(n, c, h * w)
        large = torch.exp(flat.transpose(1, 2) @ flat * 4 + 6)
        weights = large / large.sum(-1, keepdim=True)
        return (weights @ flat.transpose(1, 2)).transpose(1, 2).reshape(n, c, h, w)


class Positions(nn.Module):
    """Sampling at positions that float16 has no digits for, in a wide picture."""

    def forward(self, x: Tensor) -> Tensor:
        w = x.shape[3]
        at = x[:, 0, :, :1] * 0.4 + torch.arange(w) + 0.25
        rows = torch.zeros_like(at) + 0.1
        grid = torch.stack(((2 * at + 1) / w - 1, rows), 3)
        return F.grid_sample(x, grid, align_corners=False)


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head, self.tail = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 12, 3, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.middle = nn.Conv2d(16, 16, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.norm(self.head(x)))
        y = y + F.gelu(self.middle(y))
        return F.pixel_shuffle(self.tail(y), 2)


def as_half(artifact: pliant.Artifact) -> onnx.ModelProto:
    model = read(artifact.model, Dialect("any", anything=True))
    infer(model)
    return onnx.load_from_string(serialized(halved(model, examples_of(artifact.contract))))


def naive(artifact: pliant.Artifact) -> onnx.ModelProto:
    """Everything in float16."""
    model = read(artifact.model, Dialect("any", anything=True))
    infer(model)
    for value in model.graph.initializers.values():
        if value.dtype == ir.DataType.FLOAT and value.const_value is not None:
            value.const_value = short(value.const_value)
            value.dtype = ir.DataType.FLOAT16
    for node in model.graph:
        for name, attribute in list(node.attributes.items()):
            if name == "to" and attribute.as_int() == ir.DataType.FLOAT:
                node.attributes["to"] = ir.AttrInt64("to", int(ir.DataType.FLOAT16))
            if name == "value" and attribute.as_tensor().dtype == ir.DataType.FLOAT:
                node.attributes["value"] = ir.AttrTensor("value", short(attribute.as_tensor()))
        for value in node.outputs:
            value.type = None
    for value in (*model.graph.inputs, *model.graph.outputs):
        value.dtype = ir.DataType.FLOAT16
    return onnx.load_from_string(serialized(model))


def short(tensor: Any) -> Any:
    with np.errstate(over="ignore"):
        return ir.tensor(tensor.numpy().astype(np.float16), name=tensor.name)


def evaluated(model: onnx.ModelProto, x: Any) -> Any:
    """What NumPy makes of it, step by step in the types of the file: ONNX Runtime fuses steps, and casts less often.

    NumPy's GridSample does not know the modes of opset 18.
    """
    if any(node.op_type == "GridSample" for node in model.graph.node):
        return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
    with np.errstate(all="ignore"):
        return ReferenceEvaluator(model).run(None, {"x": x})[0]


def difference(got: Any, expected: Any) -> float:
    return float(np.abs(got.astype(np.float64) - expected).max() / max(np.abs(expected).max(), 1e-30))


@pytest.mark.parametrize("kind", [Overflow, Small, Attention, Positions])
def test_islands_keep_what_float16_breaks(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    module, shape = kind().eval(), (1, 3, 6, 700) if kind is Positions else (1, 3, 14, 11)
    artifact = pliant.export(module, (torch.rand(1, 3, 8, 9),))
    x = torch.rand(shape)
    with torch.no_grad():
        expected = module(x).numpy()
    broken = evaluated(naive(artifact), x.numpy().astype(np.float16))
    assert not difference(broken, expected) < 5 * ERROR  # else the network would prove nothing
    assert difference(evaluated(as_half(artifact), x.numpy()), expected) < ERROR
    with pliant.load(artifact, precision="f16") as session:
        got = session(x.numpy())
    assert got.dtype == np.float32
    assert difference(got, expected) < ERROR


@pytest.mark.parametrize("kind", [Plain, Item])
def test_ordinary_networks_compute_in_float16_within_the_declared_error(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    module = kind().eval()
    example: Any = (picture(8, 9),) if kind is Plain else (picture(8, 9), torch.tensor(2.0))
    artifact = pliant.export(module, example)
    model = as_half(artifact)
    stored = {entry.name: entry.data_type for entry in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 3
    assert all(stored[node.input[1]] == HALF for node in convolutions)
    assert all(v.type.tensor_type.elem_type != HALF for v in (*model.graph.input, *model.graph.output))
    for h, w in ((33, 20), (1, 1)):
        args: Any = (picture(h, w), *(torch.tensor(1.7) for _ in example[1:]))
        with torch.no_grad():
            expected = module(*args).numpy()
        with pliant.load(artifact, precision="f16") as half, pliant.load(artifact) as full:
            feeds = [a.numpy() for a in args]
            assert 0 < difference(half(*feeds), expected) < ERROR
            assert difference(full(*feeds), expected) < 1e-5


class Branch(nn.Module):
    """A decision on the picture: what a branch takes from outside stays float32."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(x * 3 - 1)
        z = y * 2 if y.mean() > 0.5 else y - 1
        return z + 1


def test_branches_get_what_they_take_in_float32() -> None:
    artifact = pliant.export(Branch(), (torch.rand(1, 3, 8, 9),))
    assert any(node.op_type == "If" for node in as_half(artifact).graph.node)
    with pliant.load(artifact, precision="f16") as session:
        for scale in (0.3, 1.0):
            x = torch.rand(1, 3, 7, 5) * scale
            assert difference(session(x.numpy()), Branch()(x).numpy()) < ERROR
