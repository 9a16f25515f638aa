"""What an export does for each layer, counted; see test_counted.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from onnx_ir.schemas import OpSignature
from torch import Tensor, nn
from torch.fx import Graph
from torch.utils._traceback import CapturedTraceback

import pliant

GRAPHS = 4  # that are written as Python and compiled, however many layers there are


class Block(nn.Module):
    """With all that made PyTorch compile the whole graph again: a mode, a decision, an operator of several steps."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.GroupNorm(1, 3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            y = nn.functional.silu(self.norm(self.conv(x)))
        if y.shape[2] > 20:
            y = y * 2
        return nn.functional.unfold(y, 1).view(x.shape) + x


def counts(layers: int) -> Counter[str]:
    """Calls in the second export of a network."""
    counted: Counter[str] = Counter()

    def counting(patch: pytest.MonkeyPatch, owner: Any, name: str, kind: Callable[..., Any]) -> None:
        original: Callable[..., Any] = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            counted[name] += not getattr(args[0], "domain", "")  # of ONNX's own operators, if of any
            return original(*args, **kwargs)

        patch.setattr(owner, name, kind(call))

    model = nn.Sequential(*(Block() for _ in range(layers)))
    example = (torch.rand(1, 3, 9, 8),)
    pliant.export(model, example)  # what is done once in a process
    with pytest.MonkeyPatch.context() as patch:
        counting(patch, Graph, "python_code", lambda function: function)
        counting(patch, CapturedTraceback, "summary", lambda function: function)
        counting(patch, OpSignature, "from_op_schema", staticmethod)
        pliant.export(model, example)
    return counted


def test_what_is_the_same_for_all_layers_is_done_once() -> None:
    few, many = counts(1), counts(4)
    assert few["python_code"] == many["python_code"] <= GRAPHS, "a graph is compiled when it runs, not after each step"
    assert few["summary"] == many["summary"], "one line is kept for each step, not the stack, which takes long to write"
    assert 0 < few["from_op_schema"] == many["from_op_schema"], "an operator has one signature, not one for each node"
