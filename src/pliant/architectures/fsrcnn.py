"""FSRCNN: a narrow network at the size of the picture, and a transposed convolution that enlarges.

Source: Dong, Loy and Tang, "Accelerating the Super-Resolution Convolutional Neural Network", ECCV 2016,
https://arxiv.org/abs/1608.00367. It works on luma; weights for Y, Cb and Cr load as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from pliant.architectures._layers import Layer, chain, fill, unevenness
from pliant.architectures._luma import InColours
from pliant.architectures.base import Architecture, ImageModel, State
from pliant.contract import Image, Network
from pliant.errors import CheckpointError

# What the names of the layers begin with in the published forms, in the order of the network.
WORDS = (
    *("first_part", "feature_extract(ion)?", "activation_1", "shrink", "activation_2", "mid_part", r"map(_\d+)?"),
    *("activation_3", "expand", "activation_4", "last_part", "deconv"),
)
SCALES = range(2, 9)
FLAT = 0.05  # published weights: at most 0.02 off with the scale they were trained for, at least 0.2 with another


class FSRCNN(nn.Module):
    """Feature extraction, shrinking, mapping, expanding, and a transposed convolution.

    Args:
        channels: colour channels, the same in the result.
        features, shrunk: the paper's d and s, output channels outside and inside.
        kernels: the sides of the first kernel, of every mapping convolution (the paper's m is their number), and of the
            last, all odd.
        slopes: how many slopes the PReLU after each convolution but the last has, 0 for none.
        scale: result pixels per pixel.
    """

    def __init__(
        self, channels: int, features: int, shrunk: int, kernels: Sequence[int], slopes: Sequence[int], scale: int
    ) -> None:
        super().__init__()
        first, *mapping, last = kernels
        widths = [channels, features, shrunk, *[shrunk for _ in mapping], features]
        layers: list[nn.Module] = []
        for k, (side, slope) in enumerate(zip([first, 1, *mapping, 1], slopes, strict=True)):
            layers.append(nn.Conv2d(widths[k], widths[k + 1], side, padding=side // 2))
            layers += [nn.PReLU(slope)] if slope else []
        self.body = nn.Sequential(*layers)
        self.deconv = nn.ConvTranspose2d(features, channels, last, scale, padding=last // 2, output_padding=scale - 1)
        self.reach = sum(side // 2 for side in kernels)

    def forward(self, image: Tensor) -> Tensor:
        """[n, channels, h, w] to [n, channels, h * scale, w * scale], not clipped."""
        return self.deconv(self.body(image))


def detect(state: State) -> str:
    """See `Architecture.detect`."""
    layers = chain(state, WORDS)
    convolutions = [layer for layer in layers if not layer.slope]
    if len(convolutions) < 5 or not all(layer.odd for layer in convolutions):
        return "a chain of five or more convolutions with odd square kernels"
    first, shrink, *mapping, expand, last = [tuple(layer.weight.shape) for layer in convolutions]
    (features, channels), shrunk = first[:2], shrink[0]
    if shrink != (shrunk, features, 1, 1) or expand != (features, shrunk, 1, 1):
        return "1x1 convolutions to fewer channels and back"
    if any(shape[:2] != (shrunk, shrunk) for shape in mapping) or last[:2] != (features, channels):
        return "mapping convolutions between them and a transposed one at the end"
    if channels not in (1, 3) or last[2] < 5 or not _slopes(layers):
        return "1 or 3 colour channels, a large kernel at the end, or PReLU after the other layers"
    return ""


def _slopes(layers: Sequence[Layer]) -> list[int]:
    """How many slopes follow each convolution but the last; empty if they are not those of an FSRCNN.

    The paper has a PReLU after each of them; some leave it out between the mapping convolutions.
    """
    found: list[int] = []
    width = 0
    for layer in layers:
        slopes = layer.weight.shape[0]
        if not layer.slope:
            width = slopes
            found.append(0)
        elif found and not found[-1] and slopes in (1, width):
            found[-1] = slopes
        else:
            return []
    needed = [*found[:2], *found[-3:-1]]
    return found[:-1] if all(needed) and not found[-1] else []


def load(state: State, facts: Mapping[str, str]) -> ImageModel:
    """See `Architecture.load`. The facts "scale" and "file" count where the weights do not tell the scale.

    Raises CheckpointError if nothing tells the scale.
    """
    layers = chain(state, WORDS)
    scale = scale_of(layers, facts)
    network = network_of(layers, scale)
    channels = network.deconv.out_channels
    module = InColours(network, channels, "full" if layers[0].name == "feature_extract" else "studio", scale)
    return ImageModel(
        module.eval(),
        (torch.rand(1, 3, 12, 9, generator=torch.Generator().manual_seed(0)),),
        Image(),
        scale=scale,
        facts=Network("FSRCNN", "super-resolution", scale, tags=(module.tag,)),
    )


def network_of(layers: Sequence[Layer], scale: int) -> FSRCNN:
    """The network with these weights."""
    shapes = [layer.weight.shape for layer in layers if not layer.slope]
    (features, channels), shrunk = shapes[0][:2], shapes[1][0]
    kernels = [shapes[0][2], *[shape[2] for shape in shapes[2:-2]], shapes[-1][2]]
    network = FSRCNN(channels, features, shrunk, kernels, _slopes(layers), scale)
    fill(network, layers)
    return network


def scale_of(layers: Sequence[Layer], facts: Mapping[str, str]) -> int:
    """The scale of a network: with the one it was trained for, and with no other, a flat picture gives a flat picture.

    Raises CheckpointError if none or more than one of `SCALES` does that, and `facts` do not tell; see `load`.
    """
    networks = {scale: network_of(layers, scale) for scale in SCALES}
    fitting = [scale for scale, n in networks.items() if unevenness(n, n.deconv.out_channels, n.reach) < FLAT]
    if len(fitting) == 1:
        return fitting[0]
    named = re.search(r"(?i)(?<![a-z0-9])x([2-8])(?!\d)|(?<!\d)([2-8])x", facts.get("file", ""))
    told = facts.get("scale") or (named and (named[1] or named[2])) or ""
    if told.isdecimal() and int(told) in SCALES:
        return int(told)
    raise CheckpointError(
        "The weights are of an FSRCNN, but its scale cannot be told from them: no single one of 2 to 8 gives a flat "
        f"picture for a flat picture ({fitting or 'none'} do). Put the scale into the name of the file, for example "
        'fsrcnn_x4.pth, or into the metadata of a safetensors file as "scale": "4".'
    )


ARCHITECTURE = Architecture("fsrcnn", detect, load)
