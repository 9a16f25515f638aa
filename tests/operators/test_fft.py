"""The Fourier transform of pictures of any size: ONNX has complex numbers as pairs."""

from __future__ import annotations

import numpy as np
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
