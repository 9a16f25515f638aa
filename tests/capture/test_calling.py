"""Modules that are called with a keyword of torch.fx's own."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

import pliant


class Modulated(nn.Module):
    """Has a parameter whose name torch.fx needs for itself."""

    def forward(self, x: Tensor, mod: Tensor, gain: float = 1.0) -> Tensor:
        return x * mod * gain


class Modulating(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Modulated()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x, mod=x.mean((2, 3), keepdim=True), gain=2.0)


def test_a_keyword_that_torch_fx_needs_for_itself() -> None:
    session = pliant.load(pliant.export(Modulating(), (torch.rand(1, 3, 9, 8),)))
    x = torch.rand(1, 3, 5, 7)
    np.testing.assert_allclose(session(x.numpy()), Modulating()(x).numpy(), rtol=1e-6)
