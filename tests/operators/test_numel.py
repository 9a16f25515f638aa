"""The number of elements of a tensor whose lengths are live, where only a decomposition asks for it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

import pliant


class Places(nn.Module):
    """Adds to every pixel its place, as `meshgrid` tells it; that asks each line of numbers how many there are."""

    def forward(self, x: Tensor) -> Tensor:
        ys, xs = torch.meshgrid(torch.arange(x.shape[2]), torch.arange(x.shape[3]), indexing="ij")
        return x + ys + 2 * xs


def test_a_grid_of_two_live_lengths() -> None:
    model = Places()
    session = pliant.load(pliant.export(model, (torch.rand(1, 3, 9, 8),)))
    for size in ((1, 1), (1, 6), (17, 23)):
        x = torch.rand(1, 3, *size)
        np.testing.assert_array_equal(session(x.numpy()), model(x).numpy())
