"""What a decision or a loop is in the file: `If` and `Loop` nodes, with what only they need inside them."""

from __future__ import annotations

from typing import Any

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from tests.idioms import Small, picture
from tests.live import every_node, exported, kinds


class Heavy(Small):
    """Two ways with weights of their own, and some that both use."""

    def forward(self, x: Tensor, f: float, n: int) -> Tensor:
        y = F.relu(self.conv1(x))
        if f > 2:
            y = F.relu(self.conv2(y))
            y = self.conv3(y)
        else:
            y = y[:, :3] * f
        for _ in range(n):
            y = y + self.conv3(self.conv2(self.conv1(y)))
        return y


def bodies(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    return [a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]


def count(graph: onnx.GraphProto, kind: str) -> int:
    return sum(node.op_type == kind for node in every_node(graph))


def test_what_one_way_or_an_iteration_needs_is_inside() -> None:
    cases = [(picture(9, 7), 1.0, 2), (picture(6, 11, 2), 4.0, 0), (picture(12, 5), 2.0, 1)]
    model = exported(Heavy(), (picture(8, 10), 3.0, 1), cases, values={"n": (0, 3), "f": (0.5, 8.0)})
    assert kinds(model).count("If") == 1
    assert kinds(model).count("Loop") == 1
    assert [n.op_type for n in model.graph.node if n.op_type in ("Conv", "If", "Loop")] == ["Conv", "If", "Loop"]
    (decision,) = (n for n in model.graph.node if n.op_type == "If")
    (loop,) = (n for n in model.graph.node if n.op_type == "Loop")
    assert sorted(count(body, "Conv") for body in bodies(decision)) == [0, 2]
    assert [count(body, "Conv") for body in bodies(loop)] == [3]
    assert all(not body.initializer for node in (decision, loop) for body in bodies(node))
    weights = [tuple(i.dims) for i in model.graph.initializer if len(i.dims) == 4]
    assert sorted(weights) == sorted([(8, 3, 9, 9), (6, 8, 1, 1), (3, 6, 5, 5)])


class Static(Small):
    """Decides and repeats, but never on a live value."""

    def __init__(self) -> None:
        super().__init__()
        self.times, self.residual = 2, True

    def forward(self, x: Tensor, f: float, skip: Tensor | None = None) -> Tensor:
        if skip is not None and skip.shape[1] == 3:
            x = x + skip
        y = x
        for k in range(self.times):
            if k > 0:
                y = self.conv3(self.conv2(self.conv1(y)))
        if x.shape[1] != 3:
            raise ValueError("three channels")
        return y + x * f if self.residual and self.training is False else y


class Plain(Small):
    """The same without a word of control flow."""

    def forward(self, x: Tensor, f: float) -> Tensor:
        return self.conv3(self.conv2(self.conv1(x))) + x * f


def test_no_decision_no_node() -> None:
    """What is decided when the file is made leaves nothing in it: the graph is that of the model without decisions."""
    example = (picture(8, 10), 3.0)
    static, plain = (onnx.load_from_string(pliant.export(m.eval(), example).model) for m in (Static(), Plain()))
    assert not {"If", "Loop"} & set(kinds(static))
    for node in (*static.graph.node, *plain.graph.node):
        del node.metadata_props[:]  # they stand on other lines of this file
    assert static.graph.SerializeToString() == plain.graph.SerializeToString()


class Repeated(nn.Module):
    """The same decision again and again, and one that is known where it is asked."""

    def forward(self, x: Tensor, f: float) -> Tensor:
        if f > 2:
            x = x + 1
            if f > 2:
                x = x * 2
            if not f > 2:
                x = x * 1000
        return x


def test_what_is_already_decided_is_not_decided_again() -> None:
    model = exported(Repeated(), (picture(8, 10), 3.0), [(picture(5, 6), 1.0), (picture(9, 4), 5.0)])
    assert kinds(model).count("If") == 1


class Deep(nn.Module):
    """Bodies within bodies: a decision in a loop in a decision in a loop."""

    def forward(self, x: Tensor, n: int, f: float) -> Any:
        for i in range(n):
            if f > i:
                for j in range(i):
                    x = x + j if x.shape[2] > 6 else x - j
            else:
                x = x * 0.5
        return x


def nesting(graph: onnx.GraphProto) -> int:
    return max((1 + nesting(body) for node in graph.node for body in bodies(node)), default=0)


def test_bodies_within_bodies() -> None:
    cases = [(picture(5, 6), 4, 2.5), (picture(9, 7), 3, 9.0), (picture(6, 6), 0, 1.0), (picture(7, 3), 5, 0.5)]
    model = exported(Deep(), (picture(8, 10), 3, 3.0), cases, values={"n": (0, 6), "f": (0.25, 9.0)})
    assert nesting(model.graph) >= 3
    names = [o for node in every_node(model.graph) for o in node.output if o]
    assert len(names) == len(set(names))
    onnx.checker.check_model(model, full_check=True)


class Lazy(nn.Module):
    """Divides by a length that is zero on the way that is not taken."""

    def forward(self, x: Tensor, k: int) -> Tensor:
        if k > 0:
            return x * (x.shape[2] // k) + x[:, :, ::1] % k
        return torch.zeros_like(x)


def test_the_way_that_is_not_taken_does_not_run() -> None:
    exported(Lazy(), (picture(8, 10), 2), [(picture(5, 6), 0), (picture(9, 4), 3)], values={"k": (0, 5)})
