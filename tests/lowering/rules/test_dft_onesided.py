"""Half a Fourier transform on engines that read it wrongly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import pliant


class Filtering(nn.Module):
    """A filter in the frequencies of the whole picture, whose size is live."""

    def forward(self, x: Tensor) -> Tensor:
        spectrum = torch.fft.rfft2(x, norm="ortho")
        stacked = torch.cat([spectrum.real, spectrum.imag.abs()], 1)
        real, imaginary = torch.chunk(torch.relu(stacked), 2, 1)
        return torch.fft.irfft2(torch.complex(real, imaginary), s=x.shape[-2:], norm="ortho")


class FilteringBlocks(nn.Module):
    """A learnt filter in the frequencies of blocks of 8x8 pixels: seven axes with the parts of complex numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = nn.Parameter(torch.rand(3, 1, 1, 8, 5))

    def forward(self, x: Tensor) -> Tensor:
        big = torch.nn.functional.pixel_shuffle(x, 8)
        n, c, h, w = big.shape
        blocks = big.view(n, c, h // 8, 8, w // 8, 8).permute(0, 1, 2, 4, 3, 5)
        filtered = torch.fft.irfft2(torch.fft.rfft2(blocks) * self.filter, s=(8, 8))
        return filtered.permute(0, 1, 2, 4, 3, 5).reshape(n, c, h, w)


@pytest.mark.parametrize(("model", "channels"), [(Filtering(), 3), (FilteringBlocks(), 192)], ids=["whole", "blocks"])
@pytest.mark.filterwarnings("ignore::pliant.UnverifiedWarning")
def test_filters(model: nn.Module, channels: int) -> None:
    session = pliant.load(pliant.export(model.eval(), (torch.rand(1, channels, 22, 35),)), "openvino")
    for n, h, w in ((1, 1, 1), (1, 5, 8), (2, 4, 7), (1, 6, 6)):
        x = torch.rand(n, channels, h, w)
        with torch.no_grad():
            expected = model(x).numpy()
        assert np.allclose(session(x.numpy()), expected, rtol=0, atol=1e-5)
