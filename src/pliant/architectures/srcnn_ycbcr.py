"""SRCNN on Y, Cb and Cr, or on Y alone: a bicubic resize, and three convolutions without padding (9-1-5, 9-3-5, 9-5-5).

Source: Dong, Loy, He and Tang, "Image Super-Resolution Using Deep Convolutional Networks", IEEE TPAMI 38(2), 2016,
https://arxiv.org/abs/1501.00092. Without padding the result is smaller than the picture, and the border is not counted;
here the resized picture is extended by its border beforehand, so that every pixel that is counted stays the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.architectures._layers import chain, fill
from pliant.architectures._luma import InColours
from pliant.architectures.base import MOST, Architecture, ImageModel, State
from pliant.contract import Image, Network

WORDS = ("patch_extraction", "nonlinear_map", "recon")


class Restoration(nn.Module):
    """Three convolutions with ReLU between them, on a picture at its final size.

    Args:
        channels: colour channels, the same in the result.
        features: output channels of the first and the second convolution.
        kernels: their sides, odd.
    """

    def __init__(self, channels: int, features: tuple[int, int], kernels: Sequence[int]) -> None:
        super().__init__()
        self.patch_extraction = nn.Conv2d(channels, features[0], kernels[0])
        self.nonlinear_map = nn.Conv2d(features[0], features[1], kernels[1])
        self.recon = nn.Conv2d(features[1], channels, kernels[2])
        self.border = sum(side // 2 for side in kernels)

    def forward(self, resized: Tensor) -> Tensor:
        """[n, channels, h, w] to [n, channels, h, w], not clipped."""
        extended = F.pad(resized, (self.border, self.border, self.border, self.border), mode="replicate")
        return self.recon(F.relu(self.nonlinear_map(F.relu(self.patch_extraction(extended)))))


class SRCNN(nn.Module):
    """Resize a picture by `factor` and restore what the resize lost."""

    def __init__(self, restoration: InColours) -> None:
        super().__init__()
        self.restoration = restoration

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """Upscale RGB [n, 3, h, w] in [0, 1] to [n, 3, floor(h * factor), floor(w * factor)] in [0, 1]."""
        return self.restoration(F.interpolate(image, scale_factor=factor, mode="bicubic", align_corners=False))


def detect(state: State) -> str:
    """See `Architecture.detect`."""
    if missing := [f"{word}.{kind}" for word in WORDS for kind in ("weight", "bias") if f"{word}.{kind}" not in state]:
        return f"no {', '.join(missing[:3])}"
    layers = chain(state, WORDS)
    if len(layers) != len(WORDS) or not all(layer.odd for layer in layers):
        return "three convolutions with odd square kernels and nothing else"
    first, second, third = (layer.weight.shape for layer in layers)
    if (first[0], second[0], third[0]) != (second[1], third[1], first[1]):
        return "three convolutions that follow each other"
    return "" if first[1] in (1, 3) else f"1 or 3 colour channels; patch_extraction takes {first[1]}"


def load(state: State, facts: Mapping[str, str]) -> ImageModel:
    """See `Architecture.load`. No text in the file counts."""
    del facts
    layers = chain(state, WORDS)
    first, second, third = (layer.weight.shape for layer in layers)
    network = Restoration(first[1], (first[0], second[0]), (first[2], second[2], third[2]))
    fill(network, layers)
    colours = InColours(network, first[1], "full")
    return ImageModel(
        SRCNN(colours).eval(),
        (torch.rand(1, 3, 12, 9, generator=torch.Generator().manual_seed(0)), 3.0),
        Image(),
        values={"factor": (1, MOST)},
        notes=("Trained for factors 2 to 4; others work, with less to gain.",),
        facts=Network("SRCNN", "super-resolution", tags=(colours.tag,)),
    )


ARCHITECTURE = Architecture("srcnn_ycbcr", detect, load)
