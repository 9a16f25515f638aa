"""AnyScale: pliant's own network for run-time factors, features at low resolution and a head of harmonics.

The body works on the small picture. Its last layer gives, for each pixel and colour, the coefficients of a short
Fourier series in the position within the pixel (the *phase*); the head evaluates the series wherever a factor puts
result pixels, and blends those of neighbouring pixels linearly. The result is a correction of the bicubic resize. The
factor also tells the body how fine the result is.

Local Fourier coefficients that a network estimates are the idea of Lee and Jin, "Local Texture Estimator for Implicit
Representation Function", CVPR 2022, https://arxiv.org/abs/2111.08918; there a deep network and a perceptron for every
result pixel, here fixed frequencies and a separable sum, which costs about a hundred multiply-adds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.architectures.base import MOST, Architecture, ImageModel, State
from pliant.contract import Image

BEGIN = 0.1  # of PyTorch's initial weights in the last layer: training begins near the bicubic resize


class Block(nn.Module):
    """Two convolutions whose result is added to what they take."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """[n, features, h, w] to the same."""
        return x + self.conv2(F.relu(self.conv1(x)))


class AnyScale(nn.Module):
    """Upscale a picture by any factor.

    Args:
        channels: colour channels of the picture, 3 for RGB.
        features: channels of the body.
        blocks: pairs of convolutions in the body.
        harmonics: frequencies of the series; the first has the period of one pixel.
    """

    def __init__(self, channels: int = 3, features: int = 32, blocks: int = 3, harmonics: int = 2) -> None:
        super().__init__()
        self.channels, self.harmonics = channels, harmonics
        self.terms = 2 * harmonics + 1
        self.first = nn.Conv2d(channels, features, 3, padding=1)
        self.fineness = nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 2 * features))
        self.blocks = nn.Sequential(*(Block(features) for _ in range(blocks)))
        self.last = nn.Conv2d(features, channels * self.terms**2, 1)

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """Upscale float [n, channels, h, w] in [0, 1] to [n, channels, floor(h * factor), floor(w * factor)].

        The result is near [0, 1] but not clipped.
        """
        resized = F.interpolate(image, scale_factor=factor, mode="bicubic", align_corners=False)
        return resized + self.spread(self.coefficients(image, factor), factor)

    def coefficients(self, image: Tensor, factor: float) -> Tensor:
        """[n, channels * terms * terms, h, w]: vertical terms outside, horizontal ones inside."""
        gain, shift = self.fineness(image.new_full((1, 1), 1 / factor)).reshape(2, 1, -1, 1, 1).unbind(0)
        first = self.first(image - 0.5)
        return self.last(self.blocks(first * (1 + gain) + shift) + first)

    def spread(self, coefficients: Tensor, factor: float) -> Tensor:
        """The series at all result pixels: first along rows, then along columns."""
        rows = F.interpolate(coefficients, scale_factor=(1.0, factor), mode="bilinear", align_corners=False)
        rows = rows.unflatten(1, (self.channels * self.terms, self.terms))
        across = self.waves(rows.shape[-1], factor, rows)[:, None, :]  # [terms, 1, W]
        rows = (rows * across).sum(2)
        result = F.interpolate(rows, scale_factor=(factor, 1.0), mode="bilinear", align_corners=False)
        result = result.unflatten(1, (self.channels, self.terms))
        return (result * self.waves(result.shape[-2], factor, result)[:, :, None]).sum(2)

    def waves(self, length: int, factor: float, like: Tensor) -> Tensor:
        """1, cos and sin of every frequency at `length` result pixels, [terms, length].

        The remainder of a division is exact in floating point, so that far pixels have phases as exact as near ones.
        """
        place = torch.fmod(torch.arange(length, dtype=like.dtype, device=like.device) + 0.5, factor)
        angle = place * (2 * math.pi / factor)
        series = [torch.ones_like(angle)]
        for k in range(1, self.harmonics + 1):
            series += [torch.cos(k * angle), torch.sin(k * angle)]
        return torch.stack(series)


def detect(state: State) -> str:
    """See `Architecture.detect`."""
    needed = ("first.weight", "fineness.0.weight", "blocks.0.conv1.weight", "last.weight")
    if missing := [name for name in needed if name not in state]:
        return f"no {missing[0]}"
    try:
        _built(state)
    except (RuntimeError, ValueError) as error:
        return str(error).splitlines()[-1].strip()
    return ""


def _built(state: State) -> AnyScale:
    """The network of the sizes that the weights tell, with the weights."""
    features, channels = state["first.weight"].shape[:2]
    terms = math.isqrt(state["last.weight"].shape[0] // channels)
    blocks = sum(name.endswith(".conv1.weight") for name in state)
    module = AnyScale(channels, features, blocks, (terms - 1) // 2)
    module.load_state_dict(dict(state))
    return module


def load(state: State, facts: Mapping[str, str]) -> ImageModel:
    """See `Architecture.load`. The fact "trained_for" is a range of factors, for people."""
    module = _built(state)
    image = Image(colours="RGB" if module.channels == 3 else "GREY")
    example = (torch.rand(1, module.channels, 24, 17, generator=torch.Generator().manual_seed(0)), 3.0)
    trained = facts.get("trained_for")
    notes = (f"Trained for factors {trained}; others work, with less to gain.",) if trained else ()
    return ImageModel(module.eval(), example, image, values={"factor": (1, MOST)}, notes=notes)


ARCHITECTURE = Architecture("anyscale", detect, load)
