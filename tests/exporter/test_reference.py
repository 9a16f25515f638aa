"""A difference that PyTorch's own rounding explains is none of the file's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.errors import AuditError


class IllConditioned(nn.Module):
    """Amplifies the difference of two features that are nearly the same; `error` is what a wrong file would add."""

    def __init__(self, error: float = 0.0) -> None:
        super().__init__()
        self.error = error
        first = torch.randn(1, 3, 5, 5, generator=torch.Generator().manual_seed(0))
        self.weight = nn.Parameter(torch.cat([first, first.flip(1) * 1.000001]))

    def forward(self, x: Tensor) -> Tensor:
        grey = x.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        one, other = F.conv2d(grey, self.weight, padding=2).chunk(2, 1)
        return x + (one - other) * 1e4 + (self.error if torch.compiler.is_exporting() else 0)


class Quantised(IllConditioned):
    """Rounds its input, so that only double precision tells how far rounding takes the rest."""

    def forward(self, x: Tensor) -> Tensor:
        steps = (x * 8).round().to(torch.float32)
        return super().forward((steps / 7).float() + torch.zeros(1, dtype=torch.float32))


def test_rounding_that_double_precision_alone_shows() -> None:
    artifact = pliant.export(Quantised(), (torch.rand(1, 3, 32, 40),))
    assert any("Rounding" in note for note in artifact.contract.notes)


def test_rounding_that_pytorch_has_as_well() -> None:
    artifact = pliant.export(IllConditioned(), (torch.rand(1, 3, 32, 40),))
    assert any("Rounding" in note for note in artifact.contract.notes)
    x = np.random.default_rng(0).random((1, 3, 17, 23), np.float32)
    assert np.abs(pliant.load(artifact)(x) - x).max() < 1


def test_a_wrong_file_is_not_explained_by_rounding() -> None:
    with pytest.raises(AuditError, match="differs"):
        pliant.export(IllConditioned(error=0.5), (torch.rand(1, 3, 32, 40),))


class Deciding(nn.Module):
    """A threshold that rounding can cross at a few pixels; `error` as above."""

    def __init__(self, error: float = 0.0) -> None:
        super().__init__()
        self.error = error

    def forward(self, x: Tensor) -> Tensor:
        mean = torch.conv2d(x, torch.full((3, 3, 3, 3), 1 / 27), padding=1)
        sharp = ((mean * 1e6).round() % 2) * 0.3 + mean
        return sharp + (self.error if torch.compiler.is_exporting() else 0)


def test_pixels_on_the_other_side_do_not_excuse_the_rest() -> None:
    with pytest.raises(AuditError, match="differs"):
        pliant.export(Deciding(error=0.2), (torch.rand(1, 3, 32, 40),))
