"""Small networks of the kinds that people upscale with, with random weights, as ONNX files with a live factor."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.architectures._fitted import AnyFactor
from pliant.architectures.anyscale import AnyScale
from pliant.architectures.base import ImageModel, with_any_factor
from pliant.architectures.rlfn import RLFN, load
from pliant.models import path

KINDS = ("srcnn", "compact", "rlfn", "anyscale")


class Compact(nn.Module):
    """As Real-ESRGAN's compact networks: convolutions at low resolution, sub-pixels, added to nearest neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 12, 3, 1, 1),
            nn.PReLU(12),
            nn.Conv2d(12, 12, 3, 1, 1),
            nn.PReLU(12),
            nn.Conv2d(12, 48, 3, 1, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """[n, 3, h, w] to [n, 3, 4 h, 4 w]."""
        return F.pixel_shuffle(self.body(image), 4) + F.interpolate(image, scale_factor=4, mode="nearest")


class Level(nn.Module):
    """A network that looks at the whole picture: it takes its mean away and puts it back."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, 1, 1)

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """[n, 3, h, w] to [n, 3, floor(h * factor), floor(w * factor)]."""
        mean = image.mean((2, 3), keepdim=True)
        resized = F.interpolate((image - mean) * (1 + mean), scale_factor=factor, mode="bilinear")
        return mean + resized + 0.1 * self.conv(resized)


def made(kind: str, folder: Path) -> Path:
    """The file of a network of one of `KINDS`, or "level"."""
    if kind == "srcnn":
        return path("srcnn")
    torch.manual_seed(0)
    example = (torch.rand(1, 3, 40, 33), 3.0)
    modules = {"compact": lambda: AnyFactor(Compact(), 4), "anyscale": lambda: AnyScale(3, 8, 1), "level": Level}
    module = _rlfn().module if kind == "rlfn" else modules[kind]()
    artifact = pliant.export(module.eval(), example, values={"factor": (0.5, 8)}, dims={"image": "n 3 h w"})
    return artifact.save(folder / f"{kind}.onnx")


def _rlfn() -> ImageModel:
    return with_any_factor(load(RLFN(3, 8, 8, 4, 1, 4, 1).state_dict(), {}))
