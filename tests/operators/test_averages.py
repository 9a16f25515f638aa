"""Sums, means and normalisation stay exact where one sum over all pixels in float32 does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import pliant

SIZE = 384  # enough pixels for a naive sum to lose 1e-3 of the spread


def features(spread: float) -> Tensor:
    """Features far from zero: their mean is 3, and they differ by `spread`."""
    torch.manual_seed(0)
    return torch.rand(1, 8, SIZE, SIZE) * spread + 3.0


class Calling(nn.Module):
    """A module that only calls a function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


CASES: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {
    "group_norm": (lambda x: F.group_norm(x, 2, eps=1e-6), 1e-5),
    "one group": (lambda x: F.group_norm(x, 1, eps=1e-6), 1e-5),
    "instance_norm": (lambda x: F.instance_norm(x, eps=1e-6), 1e-5),
    "mean": (lambda x: x.mean((2, 3)), 1e-6),
    "mean of all": (lambda x: x.mean(), 1e-6),
    "pool": (lambda x: F.adaptive_avg_pool2d(x, 1), 1e-6),
    "sum": (lambda x: x.sum((-1, -2)), 1e-6),
    "var": (lambda x: x.var((2, 3)), 1e-5),
    "std": (lambda x: x.std((2, 3), unbiased=False), 1e-5),
    "var_mean": (lambda x: torch.cat(torch.var_mean(x, (2, 3))), 1e-5),
    "std_mean": (lambda x: torch.stack(torch.std_mean(x)), 1e-5),
    "norm": (lambda x: torch.linalg.vector_norm(x, dim=(2, 3)), 1e-5),
}


@pytest.mark.parametrize("name", CASES)
def test_large_pictures(name: str) -> None:
    function, bound = CASES[name]
    session = pliant.load(pliant.export(Calling(function), (torch.rand(1, 8, 22, 35),)))
    x = features(0.01)
    exact = function(x.double()).numpy()
    assert np.abs(session(x.numpy()) - exact).max() <= bound * np.abs(exact).max()


def test_one_pixel() -> None:
    """The variance of one element is not a number, as in PyTorch, and 0 with no correction."""
    session = pliant.load(pliant.export(Calling(lambda x: x.var((2, 3), unbiased=False)), (torch.rand(1, 3, 9, 7),)))
    assert (session(np.ones((1, 3, 1, 1), np.float32)) == 0).all()


def test_float16_is_added_up_in_float32() -> None:
    """As PyTorch does: the sum of these is beyond what float16 holds, and so are its steps."""
    x = torch.full((1, 2, 90, 110), 10.0, dtype=torch.float16)
    session = pliant.load(pliant.export(Calling(lambda x: x.mean((2, 3))), (x[:, :, :22, :35],)))
    got = session(x.numpy())
    assert got.dtype == np.float16
    assert (got == 10.0).all()


def test_statistics_of_the_batch() -> None:
    """Batch normalisation without statistics of its own takes those of the batch."""
    model = nn.BatchNorm2d(8, track_running_stats=False).eval()
    session = pliant.load(pliant.export(model, (torch.rand(1, 8, 22, 35),)))
    x = features(0.5)
    with torch.no_grad():
        expected = model.double()(x.double()).numpy()
    assert np.abs(session(x.numpy()) - expected).max() <= 1e-4
