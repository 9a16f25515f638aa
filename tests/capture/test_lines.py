"""A step of a trace knows the line of the model that made it: the last that PyTorch's own record of the stack has."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from traceback import StackSummary
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.fx import config
from torch.fx.proxy import TracerBase

import pliant.capture.trace
from pliant.capture.lines import ENTRY, innermost_lines
from pliant.capture.places import users_own
from pliant.capture.trace import Leaf, trace
from pliant.exporter.paths import users_line


class Halved(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return halved(
            x + 1,
        )


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(3, 3, 3), Halved())

    def forward(self, x: Tensor) -> Tensor:
        y = self.inner(x)
        for _ in range(2):
            y = y * 3 if y.shape[2] > 20 else y.relu()
        return torch.cat([y, y.view(y.shape[0], -1, 1, 1).mean(1, keepdim=True) * y], 1)


def halved(x: Tensor) -> Tensor:
    return x / 2


def lines() -> list[tuple[str, tuple[str, int]]]:
    leaf = Leaf(torch.rand(1, 3, 9, 8), live=(2, 3))
    program = trace(Model(), [leaf], lambda leaves: (tuple(leaves), {})).program
    return [(node.name, users_line(node)) for node in program.graph.nodes]


@contextmanager
def whole_stacks() -> Generator[None]:
    """PyTorch's own record, of all functions of the model."""

    def inside(self: Any, summary: StackSummary) -> StackSummary:
        entered = [k for k, frame in enumerate(summary) if (frame.name, frame.filename) == ("forward", ENTRY)]
        frames = summary[entered[-1] + 1 :] if entered else []
        return StackSummary.from_list([frame for frame in frames if users_own(frame.filename)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TracerBase, "_filter_traceback_frames", inside)
        yield


def test_it_is_the_line_that_pytorch_would_write_down(monkeypatch: pytest.MonkeyPatch) -> None:
    found = lines()
    own = {line for _, (file, line) in found if file == __file__}
    assert {Halved.forward.__code__.co_firstlineno + 2, halved.__code__.co_firstlineno + 1} < own
    assert len(own) >= 5
    monkeypatch.setattr(pliant.capture.trace, "innermost_lines", whole_stacks)
    assert found == lines()


def test_outside_nothing_is_changed() -> None:
    usual = config.do_not_emit_stack_traces, TracerBase.create_node
    with innermost_lines():
        assert (config.do_not_emit_stack_traces, TracerBase.create_node) != usual
    assert (config.do_not_emit_stack_traces, TracerBase.create_node) == usual
