"""Networks of windows behind a padding, whose lengths have long formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.architectures._fitted import Fitted, fitted_length, padded
from pliant.contract import Network

WINDOW = 4


class Windows(nn.Module):
    """What a Swin block does with lengths: pad if needed, a mask stored for one size, and windows put together."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.mix = nn.Linear(WINDOW * WINDOW, WINDOW * WINDOW)
        self.last = nn.Conv2d(4, 3, 3, padding=1)
        self.register_buffer("mask", self.computed(16, 16))

    def computed(self, h: int, w: int) -> Tensor:
        rows = torch.zeros(1, h, w, 1)
        for count, part in enumerate((slice(0, -WINDOW), slice(-WINDOW, -2), slice(-2, None))):
            rows[:, part, :, :] = count
        return self.partition(rows)

    @staticmethod
    def partition(x: Tensor) -> Tensor:
        b, h, w, c = x.shape
        x = x.view(b, h // WINDOW, WINDOW, w // WINDOW, WINDOW, c)
        return x.permute(0, 1, 3, 5, 2, 4).reshape(-1, c, WINDOW * WINDOW)

    def forward(self, x: Tensor) -> Tensor:
        _, _, height, width = x.shape
        below, right = (WINDOW - height % WINDOW) % WINDOW, (WINDOW - width % WINDOW) % WINDOW
        if below or right:
            x = F.pad(x, (0, right, 0, below), mode="reflect")
        x = self.first(x).permute(0, 2, 3, 1)
        _, h, w, c = x.shape
        x = torch.roll(x, (-2, -2), (1, 2))
        mask = self.mask if (h, w) == (16, 16) else self.computed(h, w)
        windows = self.partition(x)
        count = mask.shape[0]
        windows = windows.view(windows.shape[0] // count, count, c, -1) + mask[None]
        windows = self.mix(windows.view(-1, c, WINDOW * WINDOW))
        batch = int(windows.shape[0] / (h * w / WINDOW / WINDOW))
        x = windows.view(batch, h // WINDOW, w // WINDOW, c, WINDOW, WINDOW).permute(0, 3, 1, 4, 2, 5)
        x = torch.roll(x.reshape(batch, c, h, w), (2, 2), (2, 3))
        return self.last(x)[:, :, :height, :width]


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return Fitted(Windows(), Network(minimum=8)).eval()


@pytest.fixture(scope="module")
def session(network: nn.Module) -> pliant.Session:
    return pliant.load(pliant.export(network, (torch.rand(1, 3, 11, 19),)))


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 1, 2), (1, 8, 8), (1, 16, 16), (3, 16, 12), (1, 17, 33), (2, 7, 40)])
def test_every_size_is_right(size: tuple[int, int, int], network: nn.Module, session: pliant.Session) -> None:
    n, h, w = size
    x = torch.rand(n, 3, h, w)

    with torch.no_grad():
        expected = network(x).numpy()

    np.testing.assert_allclose(session(x.numpy()), expected, atol=1e-5)


@pytest.mark.parametrize(("length", "expected"), [(1, 16), (16, 16), (17, 24), (24, 24), (25, 32)])
def test_fitted_length(length: int, expected: int) -> None:
    assert fitted_length(length, Network(minimum=16, multiple=8)) == expected


def test_padding_mirrors_and_then_repeats() -> None:
    row = torch.tensor([[[[1.0, 2.0, 3.0]]]])

    assert padded(row, 1, 8).flatten().tolist() == [1, 2, 3, 2, 1, 1, 1, 1]


class PaddedTwice(nn.Module):
    """Padding to a least size and then, `if` one side needs it, to whole windows."""

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        x = F.pad(x, (0, max(w, 16) - w, 0, max(h, 16) - h), mode="replicate")
        h, w = x.shape[-2:]
        below, right = (8 - h % 8) % 8, (8 - w % 8) % 8
        if below or right:
            return F.pad(x, (0, right, 0, below), "reflect")
        return x


@pytest.mark.parametrize("size", [(16, 35), (24, 41), (5, 19), (35, 16), (17, 33), (16, 16)])
def test_one_side_alone_needs_padding_above_the_least_size(size: tuple[int, int]) -> None:
    """`below or right` is not `below` only because no short picture shows a difference."""
    model = PaddedTwice()
    session = pliant.load(pliant.export(model, (torch.rand(1, 3, 22, 35),)))
    x = torch.rand(2, 3, *size)
    np.testing.assert_array_equal(session(x.numpy()), model(x).numpy())


class FromTokens(nn.Module):
    """A square picture, whose side is found again from the number of its pixels."""

    def forward(self, x: Tensor) -> Tensor:
        side = max(x.shape[-2:])
        side = side + -side % WINDOW
        x = F.pad(x, (0, side - x.shape[-1], 0, side - x.shape[-2]), mode="replicate")
        tokens = x.flatten(2)
        side = int(math.sqrt(tokens.shape[2]))
        x = tokens.view(x.shape[0], x.shape[1], side, side)
        return Windows.partition(x.permute(0, 2, 3, 1))


def test_the_root_of_a_square_number_of_pixels_is_a_length() -> None:
    model = FromTokens()
    session = pliant.load(pliant.export(model, (torch.rand(1, 3, 22, 35),)))
    for size in ((1, 1), (5, 9), (31, 8)):
        x = torch.rand(2, 3, *size)
        np.testing.assert_array_equal(session(x.numpy()), model(x).numpy())
