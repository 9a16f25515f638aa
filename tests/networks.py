"""Networks to verify files against, as `pliant verify --against tests/networks.py:...` finds them."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.architectures.srcnn import SRCNN
from pliant.exporter.checkpoint import read_checkpoint


def tutorial_weights(reference: Path) -> dict[str, Tensor]:
    """The weights of the tutorial's network by the names it has, in a folder of reference data."""
    found, _ = read_checkpoint(reference / "tutorial" / "srcnn.pth")
    return {name.removeprefix("generator."): tensor for name, tensor in found.items()}


class Deciding(nn.Module):
    """Attention over channels, a decision on a live value, a loop by a live value, and a resize."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.inner, self.last = (nn.Conv2d(a, b, 3, padding=1) for a, b in ((3, 8), (8, 8), (8, 3)))
        self.mix = nn.Linear(8, 8)

    def forward(self, x: Tensor, strength: float, n: int) -> Tensor:
        y = F.relu(self.first(x))
        y = y + torch.softmax(self.mix(y.permute(0, 2, 3, 1)), -1).permute(0, 3, 1, 2)
        if strength > 1.5:  # noqa: SIM108 - a statement, as people write it
            y = torch.sigmoid(self.inner(y)) * strength
        else:
            y = torch.tanh(self.inner(y)) - strength
        for _ in range(n):
            y = y + 0.1 * torch.sin(self.inner(y))
        return self.last(F.interpolate(y, scale_factor=2.0, mode="bilinear", align_corners=False))


class Plain(nn.Module):
    """What other exporters write too: convolutions and a resize by 2."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.first(x))
        return self.last(F.interpolate(y, scale_factor=2.0, mode="bilinear", align_corners=False))


class Stepped(nn.Module):
    """Takes a value that is fixed when the file is made."""

    def forward(self, x: Tensor, step: int) -> Tensor:
        return F.max_pool2d(x, 2, stride=step)


class Refusing(nn.Module):
    """Raises for every input."""

    def forward(self, image: Tensor, factor: float) -> Tensor:
        raise ValueError(f"no {tuple(image.shape)} at {factor}")


def srcnn() -> SRCNN:
    torch.manual_seed(0)
    return SRCNN(features=(8, 4)).eval()


def other_srcnn() -> SRCNN:
    torch.manual_seed(1)
    return SRCNN(features=(8, 4)).eval()


def deciding() -> Deciding:
    torch.manual_seed(0)
    return Deciding().eval()


def plain() -> Plain:
    torch.manual_seed(0)
    return Plain().eval()


def nested() -> tuple[nn.Module, tuple[Tensor, float]]:
    return srcnn(), (torch.rand(1, 3, 12, 10), 2.0)


def number() -> int:
    return 3


class Normalised(nn.Module):
    """A convolution into which an exporter folds what follows it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.norm.running_var *= 2.5

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.first(x))


class Padding(nn.Module):
    """Takes its number as a tensor, and has it as a keyword too."""

    def forward(self, image: Tensor, amount: Tensor, value: float = 0.0) -> Tensor:
        return F.pad(image, [int(amount.item())] * 4, value=value)
