"""Convolutions with a live padding."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from tests.idioms import picture


class Padded(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weight = nn.Parameter(torch.rand(6, 3, 3, 3, generator=generator))
        self.kernel = nn.Parameter(torch.rand(2, 3, 5, generator=generator))

    def forward(self, x: Tensor, p: int, q: Any) -> tuple[Tensor, Tensor, Tensor]:
        both = F.conv2d(x, self.weight, None, 2, p)
        columns = F.conv2d(x, self.weight, padding=(1, int(q) + 1), dilation=2)
        return both, columns, F.conv1d(x[:, :, 0], self.kernel, padding=(p,))


def test_padding_is_live() -> None:
    network = Padded().eval()
    artifact = pliant.export(network, (picture(12, 16), 2, torch.tensor(3)))
    session = onnxruntime.InferenceSession(artifact.model)
    for (height, width), p, q in (((9, 7), 0, 1), ((12, 5), 3, 0), ((7, 31), 1, 6)):
        x = picture(height, width)
        got = session.run(None, {"x": x.numpy(), "p": np.array(p), "q": np.array(q)})
        with torch.no_grad():
            expected = network(x, p, torch.tensor(q))
        for a, b in zip(got, expected, strict=True):
            assert a.shape == tuple(b.shape)
            assert np.abs(a - b.numpy()).max() < 1e-4
