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


def over_pixels_norm(x: Tensor) -> Tensor:
    """The length of each channel as a vector."""
    return torch.linalg.vector_norm(x, dim=(2, 3))  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


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
    "norm": (over_pixels_norm, 1e-5),
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


@pytest.mark.parametrize("affine", [False, True])
def test_statistics_of_the_training(affine: bool) -> None:
    """Instance normalisation may have kept statistics, as batch normalisation does."""
    torch.manual_seed(0)
    model = nn.InstanceNorm2d(4, affine=affine, track_running_stats=True)
    model(torch.rand(2, 4, 9, 8) + 1.0)  # training sets them
    model.eval()
    session = pliant.load(pliant.export(model, (torch.rand(1, 4, 22, 35),)))
    x = torch.rand(3, 4, 7, 31)
    with torch.no_grad():
        expected = model(x).numpy()
    assert np.allclose(session(x.numpy()), expected, rtol=1e-5, atol=1e-6)


def number_of_others(x: Tensor) -> Tensor:
    """How many elements round to another number than zero."""
    return torch.linalg.vector_norm(x.round(), 0, (1, 2))  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


COUNTS: dict[str, Callable[[Tensor], Tensor]] = {
    "bools": lambda x: (x > 0.5).sum(),
    "bools by axes": lambda x: (x > 0.5).sum((1, 2)),
    "int32": lambda x: (x * 9).to(torch.int32).sum((0, 1), keepdim=True),
    "int32 kept": lambda x: (x * 9).to(torch.int32).sum((0, 1), dtype=torch.int32),
    "mean of bools": lambda x: (x > 0.5).mean((2, 3), dtype=torch.float32),
    "number of others than zero": number_of_others,
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name: str) -> None:
    """Whole numbers are added up in int64, or in the type asked for."""
    session = pliant.load(pliant.export(Calling(COUNTS[name]), (torch.rand(1, 4, 22, 35),)))
    x = torch.rand(2, 4, 7, 31)
    got, expected = session(x.numpy()), COUNTS[name](x).numpy()
    assert got.dtype == expected.dtype
    assert np.allclose(got, expected, rtol=1e-6, atol=0)
