"""The Fourier transform of pictures of any size: ONNX has complex numbers as pairs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import pliant


class Spectral(nn.Module):
    """A step on real and imaginary parts as channels, as fast Fourier convolutions take it."""

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[0]
        waves = torch.fft.rfftn(x, dim=(-2, -1), norm="ortho")
        parts = torch.stack((waves.real, waves.imag), dim=-1).permute(0, 1, 4, 2, 3).contiguous()
        parts = parts.view((n, -1, *parts.shape[3:])).relu()
        parts = parts.view((n, -1, 2, *parts.shape[2:])).permute(0, 1, 3, 4, 2).contiguous()
        waves = torch.complex(parts[..., 0], parts[..., 1])
        return torch.fft.irfftn(waves, s=x.shape[-2:], dim=(-2, -1), norm="ortho")


def test_there_and_back_at_any_size() -> None:
    model = Spectral()
    session = pliant.load(pliant.export(model, (torch.rand(1, 3, 22, 35),)))
    for size in ((16, 16), (17, 23), (1, 1), (5, 8)):
        x = torch.rand(2, 3, *size)
        np.testing.assert_allclose(session(x.numpy()), model(x).numpy(), atol=2e-5)


class Filtered(nn.Module):
    """A picture there and back, with a step between."""

    def __init__(self, step: Callable[[Tensor], Tensor], norm: str) -> None:
        super().__init__()
        self.step, self.norm = step, norm

    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.irfft2(self.step(torch.fft.rfft2(x, norm=self.norm)), s=x.shape[-2:], norm=self.norm)


STEPS: dict[str, Callable[[Tensor], Tensor]] = {
    "nothing": lambda waves: waves,
    "times": lambda waves: waves * 2.5,
    "a number times": lambda waves: 3 * waves,
    "divided": lambda waves: waves / 3.0,
    "plus": lambda waves: waves + 1.5,
    "minus": lambda waves: waves - 2,
    "minus twice": lambda waves: torch.sub(waves, 2, alpha=2),
    "times conjugate": lambda waves: waves * waves.conj(),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("norm", ["ortho", "backward"])
def test_steps_on_complex_numbers(step: str, norm: str) -> None:
    model = Filtered(STEPS[step], norm)
    session = pliant.load(pliant.export(model, (torch.rand(1, 2, 12, 14),)))
    for size in ((16, 16), (17, 23), (1, 1), (11, 8)):
        x = torch.rand(2, 2, *size)
        expected = model(x).numpy()
        np.testing.assert_allclose(session(x.numpy()), expected, atol=2e-5 * max(1.0, float(np.abs(expected).max())))
