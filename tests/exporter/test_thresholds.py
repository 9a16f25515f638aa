from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pliant.capture.trace import trace
from pliant.exporter.formulas import read_symbols
from pliant.exporter.signature import read_signature
from pliant.exporter.thresholds import thresholds


class Compared(nn.Module):
    def forward(self, x: Tensor, f: float, k: Any, s: Tensor) -> Tensor:
        clamped = min(max(f, 1.2), 3.5)
        line = max(2 * f - 1, 4)
        size = max(x.shape[2] * f, 7)
        return x * clamped * line * max(int(k), 3) * min(s.tolist()[1], 0.5) * size


@pytest.mark.parametrize("k", [2, torch.tensor(2)])
def test_constants_that_live_values_are_compared_with(k: Any) -> None:
    args = (torch.rand(1, 3, 8, 9), 2.0, k, torch.tensor([1.0, 2.0]))
    signature = read_signature(Compared(), args, {}, {}, {}, None)
    program = trace(Compared(), signature.leaves, signature.assemble).program
    found = thresholds(program, read_symbols(program, signature.inputs))
    assert {("k", 3), ("f", 1.2), ("f", 3.5), ("f", 2.5), ("s[1]", 0.5)} <= set(found)
    assert all(name in ("f", "k", "s[1]") for name, _ in found)
