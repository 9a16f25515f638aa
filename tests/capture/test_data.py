"""Networks that assign `weight.data` in their forward."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

import pliant


class Fusing(nn.Module):
    """Two convolutions that are fused into a third at every call, as in SPAN."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)
        self.fused = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.wide.weight.data.clone().detach()
        weight[:, :, 1:2, 1:2] = weight[:, :, 1:2, 1:2] + self.narrow.weight.data
        self.fused.weight.data = weight.contiguous()
        self.fused.bias.data = self.wide.bias.data + self.narrow.bias.data
        return self.fused(x)


class Drifting(nn.Module):
    """A network that is another one after each call."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        self.conv.weight.data = self.conv.weight.data * 0.5
        return self.conv(x)


def test_fused_weights_are_those_of_the_call() -> None:
    torch.manual_seed(0)
    network = Fusing().eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    x = torch.rand(1, 3, 9, 14)

    session = pliant.load(pliant.export(network, (torch.rand(1, 3, 8, 12),)))
    after = {name: value.clone() for name, value in network.state_dict().items()}

    assert all(torch.equal(before[name], after[name]) for name in before)
    with torch.no_grad():
        np.testing.assert_allclose(session(x.numpy()), network(x).numpy(), atol=1e-5)


def test_a_network_that_changes_itself_is_left_as_it_was() -> None:
    torch.manual_seed(0)
    network = Drifting().eval()
    before = network.conv.weight.clone()
    x = torch.rand(1, 3, 9, 14)

    session = pliant.load(pliant.export(network, (torch.rand(1, 3, 8, 12),)))

    assert torch.equal(network.conv.weight, before)
    with torch.no_grad():
        np.testing.assert_allclose(session(x.numpy()), network(x).numpy(), atol=1e-5)
