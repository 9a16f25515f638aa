"""Shapes that engines must be told before they run: sizes of a resize, behind steps that change lengths."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import pliant

SIZES = ((1, 1, 7, 5), (1, 1, 16, 24), (1, 1, 33, 18))


def resized(x: Tensor) -> Tensor:
    """A resize whose positions are computed in double beforehand, which needs the shape of `x`."""
    size = [int(1.5 * n) for n in x.shape[2:]]
    return F.interpolate(x, size=size, mode="bilinear", antialias=True)


class RoundingUp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return resized(F.avg_pool2d(x, 2, ceil_mode=True))


class Folding(nn.Module):
    """Blocks of a padded picture, and the picture of the blocks."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        padded = F.pad(x, (0, -width % 4, 0, -height % 4))
        blocks = F.unfold(padded, 4, stride=4)
        return resized(F.fold(blocks * 0.5, padded.shape[2:], 4, stride=4))


class Choosing(nn.Module):
    """One of two experts, chosen by what the picture shows."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Conv2d(1, 4, 1), nn.Conv2d(1, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        chosen = torch.cond(x.mean() > 0.5, self.one, self.other, (x,))
        return resized(chosen)


@pytest.mark.parametrize("engine", ["openvino", "ncnn"])
@pytest.mark.parametrize("model", [RoundingUp(), Folding(), Choosing()], ids=lambda model: type(model).__name__)
@pytest.mark.filterwarnings("ignore::pliant.UnverifiedWarning")
def test_engines_know_the_shape(model: nn.Module, engine: str) -> None:
    session = pliant.load(pliant.export(model.eval(), (torch.rand(1, 1, 22, 35),)), engine)
    for shape in SIZES:
        for shift in (0.0, 0.4):
            x = torch.rand(shape) * 0.6 + shift
            with torch.no_grad():
                expected = model(x).numpy()
            assert np.allclose(session(x.numpy()), expected, rtol=0, atol=1e-5)
