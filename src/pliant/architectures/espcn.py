"""ESPCN: convolutions at the size of the picture, and a pixel shuffle at the end.

Source: Shi, Caballero, Huszar, Totz, Aitken, Bishop, Rueckert and Wang, "Real-Time Single Image and Video
Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network", CVPR 2016,
https://arxiv.org/abs/1609.05158. The paper works on luma, with tanh; weights for Y, Cb and Cr and the four convolutions
with ReLU of PyTorch's own example load as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pliant.architectures._layers import chain, fill
from pliant.architectures._luma import Colours, InColours
from pliant.architectures.base import Architecture, ImageModel, State
from pliant.contract import Image, Network


class ESPCN(nn.Module):
    """Sub-pixel convolution.

    Args:
        channels: colour channels, the same in the result.
        features: output channels of each convolution but the last.
        kernels: the side of every kernel, odd; one more than `features`.
        scale: result pixels per pixel.
        activation: between the convolutions.
    """

    def __init__(
        self,
        channels: int = 1,
        features: Sequence[int] = (64, 32),
        kernels: Sequence[int] = (5, 3, 3),
        scale: int = 3,
        activation: type[nn.Module] = nn.Tanh,
    ) -> None:
        super().__init__()
        widths = [channels, *features, channels * scale**2]
        layers: list[nn.Module] = []
        for inputs, outputs, kernel in zip(widths, widths[1:], kernels, strict=False):
            layers += [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), activation()]
        self.feature_maps = nn.Sequential(*layers[:-2])
        self.sub_pixel = nn.Sequential(layers[-2], nn.PixelShuffle(scale))

    def forward(self, image: Tensor) -> Tensor:
        """[n, channels, h, w] to [n, channels, h * scale, w * scale], not clipped."""
        return self.sub_pixel(self.feature_maps(image))


@dataclass(frozen=True)
class Style:
    """What the names tell and the tensors cannot: the colours of a network of Y and of one of three channels, and what
    stands between the convolutions.
    """

    luma: Colours = "studio"
    three: Colours = "RGB"
    activation: type[nn.Module] = nn.Tanh


STYLES: dict[tuple[str, ...], Style] = {
    ("feature_maps", "sub_pixel"): Style(),
    ("first_part", "last_part"): Style(),
    ("conv_1", "conv_2", "conv_3"): Style("full", "full"),
    ("conv1", "conv2", "conv3"): Style(),
    ("conv1", "conv2", "conv3", "conv4"): Style("full", activation=nn.ReLU),  # the example of PyTorch
}


def words(state: State) -> tuple[str, ...]:
    """The first words of the names of the tensors, sorted."""
    return tuple(sorted({name.partition(".")[0] for name in state}))


def detect(state: State) -> str:
    """See `Architecture.detect`."""
    if words(state) not in STYLES:
        return "no feature_maps and sub_pixel, first_part and last_part, or conv1 to conv3 or conv4"
    layers = chain(state, words(state))
    if len(layers) < 3 or not all(layer.odd for layer in layers):
        return "a chain of convolutions with odd square kernels"
    channels = layers[0].weight.shape[1]
    widths = [channels, *(layer.weight.shape[0] for layer in layers)]
    if [layer.weight.shape[1] for layer in layers] != widths[:-1]:
        return "convolutions that follow each other"
    if channels not in (1, 3):
        return f"1 or 3 colour channels; {layers[0].name} takes {channels}"
    scale = math.isqrt(widths[-1] // channels)
    if scale < 2 or widths[-1] != channels * scale**2:
        return f"a pixel shuffle at the end; {layers[-1].name} makes {widths[-1]} of {channels} channels"
    return ""


def load(state: State, facts: Mapping[str, str]) -> ImageModel:
    """See `Architecture.load`. No text in the file counts."""
    del facts
    style, layers = STYLES[words(state)], chain(state, words(state))
    weights = [layer.weight for layer in layers]
    channels = weights[0].shape[1]
    scale = math.isqrt(weights[-1].shape[0] // channels)
    features = [weight.shape[0] for weight in weights[:-1]]
    network = ESPCN(channels, features, [weight.shape[2] for weight in weights], scale, style.activation)
    fill(network, layers)
    module = InColours(network, channels, style.luma if channels == 1 else style.three, scale)
    return ImageModel(
        module.eval(),
        (torch.rand(1, 3, 12, 9, generator=torch.Generator().manual_seed(0)),),
        Image(),
        scale=scale,
        facts=Network("ESPCN", "super-resolution", scale, tags=(module.tag,)),
    )


ARCHITECTURE = Architecture("espcn", detect, load)
