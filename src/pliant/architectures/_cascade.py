"""The parts of CARN, with the names of the published weights; see `carn.py` for the source."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Unit(nn.Module):
    """A residual unit: two convolutions in groups, and one `across` them in CARN-M."""

    def __init__(self, width: int, groups: int, across: bool) -> None:
        super().__init__()
        first, second = (nn.Conv2d(width, width, 3, padding=1, groups=groups) for _ in range(2))
        last = [nn.ReLU(), nn.Conv2d(width, width, 1)] if across else []
        self.body = nn.Sequential(first, nn.ReLU(), second, *last)

    def forward(self, features: Tensor) -> Tensor:
        """[n, width, h, w] to the same."""
        return F.relu(self.body(features) + features)


class Gather(nn.Module):
    """A 1x1 convolution of everything that came before."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(count * width, width, 1), nn.ReLU())

    def forward(self, gathered: Sequence[Tensor]) -> Tensor:
        """`count` tensors [n, width, h, w] to one."""
        return self.body(torch.cat(list(gathered), 1))


class Cascade(nn.Module):
    """Three steps, each of which sees the results of all before it.

    `steps` are three modules, or one that is used three times.
    """

    def __init__(self, width: int, steps: Sequence[nn.Module]) -> None:
        super().__init__()
        for k, step in enumerate(steps):
            self.add_module(f"b{k + 1}", step)
        self.shared = len(steps) == 1
        for k in range(3):
            self.add_module(f"c{k + 1}", Gather(k + 2, width))

    def forward(self, features: Tensor) -> Tensor:
        """[n, width, h, w] to the same."""
        gathered = [features]
        for k in range(3):
            gathered.append(self.get_submodule("b1" if self.shared else f"b{k + 1}")(features))
            features = self.get_submodule(f"c{k + 1}")(gathered)
        return features


class Mean(nn.Module):
    """Subtracts or adds the mean colour of the pictures it was trained on; both are weights in the file."""

    def __init__(self) -> None:
        super().__init__()
        self.shifter = nn.Conv2d(3, 3, 1)

    def forward(self, image: Tensor) -> Tensor:
        """[n, 3, h, w] to the same."""
        return self.shifter(image)


def upsampling(width: int, scale: int, groups: int) -> nn.Module:
    """[n, width, h, w] to [n, width, h * scale, w * scale]; 4 is twice 2."""
    layers: list[nn.Module] = []
    for step in (2, 2) if scale == 4 else (scale,):
        layers += [nn.Conv2d(width, width * step**2, 3, padding=1, groups=groups), nn.ReLU(), nn.PixelShuffle(step)]
    module = nn.Module()
    module.body = nn.Sequential(*layers)
    return module
