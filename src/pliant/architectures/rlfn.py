"""RLFN: residual local feature blocks, each ending in an attention that looks at a coarse view of the features.

Source: Kong, Li, Liu, Liu, He, Bai, Chen and Fu, "Residual Local Feature Network for Efficient Super-Resolution",
CVPR Workshops 2022, https://arxiv.org/abs/2205.07514; the attention is that of Liu, Zhang, Tang and Wu, "Residual
Feature Aggregation Network for Image Super-Resolution", CVPR 2020, without its extra convolutions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.architectures._fitted import Fitted
from pliant.architectures._layers import difference, unevenness
from pliant.architectures.base import Architecture, ImageModel, State
from pliant.contract import Image, Network

SLOPE = 0.05
LEAST = 15  # the window of the attention's pooling, 7, after a convolution with stride 2


class Attention(nn.Module):
    """Enhanced spatial attention: how much of every feature to keep, from a view at a sixth of the size."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, inner, 1)
        self.conv_f = nn.Conv2d(inner, inner, 1)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=2)
        self.conv3 = nn.Conv2d(inner, inner, 3, padding=1)
        self.conv4 = nn.Conv2d(inner, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """[n, width, h, w] to the same; h and w are at least `LEAST`."""
        narrow = self.conv1(features)
        coarse = self.conv3(F.max_pool2d(self.conv2(narrow), 7, stride=3))
        fine = F.interpolate(coarse, features.shape[-2:], mode="bilinear", align_corners=False)
        return features * torch.sigmoid(self.conv4(fine + self.conv_f(narrow)))


class Block(nn.Module):
    """Three convolutions around which the features pass, and the attention."""

    def __init__(self, width: int, middle: int, inner: int) -> None:
        super().__init__()
        self.c1_r = nn.Conv2d(width, middle, 3, padding=1)
        self.c2_r = nn.Conv2d(middle, middle, 3, padding=1)
        self.c3_r = nn.Conv2d(middle, width, 3, padding=1)
        self.c5 = nn.Conv2d(width, width, 1)
        self.esa = Attention(width, inner)

    def forward(self, features: Tensor) -> Tensor:
        """[n, width, h, w] to the same."""
        refined = features
        for convolution in (self.c1_r, self.c2_r, self.c3_r):
            refined = F.leaky_relu(convolution(refined), SLOPE)
        return self.esa(self.c5(refined + features))


class RLFN(nn.Module):
    """The network.

    Args:
        channels: colour channels, the same in the result.
        width, middle, inner: features between the blocks, inside them, and in the attention.
        blocks: how many.
        scale: result pixels per pixel.
        white: the value of white in what the network was trained on; 255 in the published weights.
    """

    def __init__(
        self, channels: int, width: int, middle: int, inner: int, blocks: int, scale: int, white: float = 255
    ) -> None:
        super().__init__()
        self.blocks, self.scale, self.white = blocks, scale, white
        self.conv_1 = nn.Conv2d(channels, width, 3, padding=1)
        for k in range(blocks):
            self.add_module(f"block_{k + 1}", Block(width, middle, inner))
        self.conv_2 = nn.Conv2d(width, width, 3, padding=1)
        self.upsampler = nn.Sequential(nn.Conv2d(width, channels * scale**2, 3, padding=1), nn.PixelShuffle(scale))

    def forward(self, image: Tensor) -> Tensor:
        """[n, channels, h, w] in [0, 1] to [n, channels, h * scale, w * scale], not clipped."""
        shallow = features = self.conv_1(image * self.white)
        for k in range(self.blocks):
            features = self.get_submodule(f"block_{k + 1}")(features)
        return self.upsampler(self.conv_2(features) + shallow) / self.white


NEEDED = ("conv_1.weight", "block_1.c1_r.weight", "block_1.esa.conv1.weight", "upsampler.0.weight")


def detect(state: State) -> str:
    """See `Architecture.detect`."""
    if missing := [name for name in NEEDED if name not in state or state[name].dim() != 4]:
        return f"no {missing[0]}"
    channels = state["conv_1.weight"].shape[1]
    if channels not in (1, 3):
        return f"1 or 3 colour channels; conv_1 takes {channels}"
    return difference(state, lambda: network_of(state))


def network_of(state: State, white: float = 255) -> RLFN:
    """The network that has these shapes, if any has."""
    width, channels = state["conv_1.weight"].shape[:2]
    middle, inner = state["block_1.c1_r.weight"].shape[0], state["block_1.esa.conv1.weight"].shape[0]
    blocks = len([name for name in state if re.fullmatch(r"block_\d+\.c1_r\.weight", name)])
    scale = max(1, math.isqrt(state["upsampler.0.weight"].shape[0] // channels))
    return RLFN(channels, width, middle, inner, blocks, scale, white)


def load(state: State, facts: Mapping[str, str]) -> ImageModel:
    """See `Architecture.load`. No text in the file counts."""
    del facts
    candidates = [network_of(state, white) for white in (255.0, 1.0)]
    for network in candidates:
        network.load_state_dict(dict(state))
    channels = candidates[0].conv_1.in_channels
    # a network leaves flat pictures as they are in the range that it was trained on
    network = min(candidates, key=lambda candidate: unevenness(candidate, channels, 2 * LEAST))
    scale = network.scale
    known = Network("RLFN", "super-resolution", scale, minimum=LEAST, tags=(f"{network.conv_1.out_channels}nf",))
    return ImageModel(
        Fitted(network, known, scale).eval(),
        (torch.rand(1, channels, 24, 20, generator=torch.Generator().manual_seed(0)),),
        Image(colours="RGB" if channels == 3 else "GREY"),
        scale=scale,
        facts=known,
    )


ARCHITECTURE = Architecture("rlfn", detect, load)
