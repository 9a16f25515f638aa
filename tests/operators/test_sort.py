"""`torch.sort` with `stable`, which has an ONNX form of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import pliant


class Sorted(nn.Module):
    def __init__(self, dim: int, descending: bool) -> None:
        super().__init__()
        self.dim, self.descending = dim, descending

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return torch.sort(torch.round(x * 4), dim=self.dim, descending=self.descending, stable=True)


@pytest.mark.parametrize(("dim", "descending"), [(-1, False), (2, True)])
def test_equal_values_keep_their_order(dim: int, descending: bool) -> None:
    model = Sorted(dim, descending)
    session = pliant.load(pliant.export(model, (torch.rand(1, 3, 9, 8),)))
    x = torch.rand(2, 3, 17, 23)
    for got, expected in zip(session(x.numpy()), model(x), strict=True):
        np.testing.assert_array_equal(got, expected.numpy())


class Grouped(nn.Module):
    """Gives every pixel its place in the order of a coarse value, as networks do that attend within groups."""

    def forward(self, x: Tensor) -> Tensor:
        coarse = torch.round(x * 2).flatten(1)
        _, order = torch.sort(coarse, dim=-1, stable=False)
        return order.to(torch.float32)


def test_where_pytorch_leaves_the_order_open_the_file_keeps_it() -> None:
    session = pliant.load(pliant.export(Grouped(), (torch.rand(1, 3, 22, 35),)))
    x = torch.rand(1, 3, 31, 47)
    expected = torch.sort(torch.round(x * 2).flatten(1), dim=-1, stable=True).indices
    np.testing.assert_array_equal(session(x.numpy()), expected.numpy())
