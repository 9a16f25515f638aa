"""CARN and CARN-M: residual blocks whose results are gathered at two levels, and one upsampling for each factor.

Source: Ahn, Kang and Sohn, "Fast, Accurate, and Lightweight Super-Resolution with Cascading Residual Network", ECCV
2018, https://arxiv.org/abs/1803.08664. CARN-M has grouped convolutions, and one set of weights for the units of a
block. One file has upsamplings for 2, 3 and 4, or for one factor.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.architectures._cascade import Cascade, Mean, Unit, upsampling
from pliant.architectures._layers import difference
from pliant.architectures.base import Architecture, ImageModel, State
from pliant.contract import Image, Network


@dataclass(frozen=True)
class Shape:
    """What differs between networks: features, groups of the convolutions in units and upsamplings, whether one goes
    `across` the groups, whether the units of a block share their weights, name and scale of each upsampling.
    """

    width: int = 64
    groups: int = 1
    up_groups: int = 1
    across: bool = False
    shared: bool = False
    heads: tuple[tuple[str, int], ...] = (("up2", 2), ("up3", 3), ("up4", 4))


class CARN(Cascade):
    """The network; its weights have the names of the published ones."""

    def __init__(self, shape: Shape) -> None:
        def unit() -> nn.Module:
            return Unit(shape.width, shape.groups, shape.across)

        count = 1 if shape.shared else 3
        super().__init__(shape.width, [Cascade(shape.width, [unit() for _ in range(count)]) for _ in range(3)])
        self.sub_mean, self.add_mean = Mean(), Mean()
        self.entry = nn.Conv2d(3, shape.width, 3, padding=1)
        self.upsample = nn.ModuleDict({n: upsampling(shape.width, s, shape.up_groups) for n, s in shape.heads})
        self.exit = nn.Conv2d(shape.width, 3, 3, padding=1)
        self.heads = {scale: name for name, scale in shape.heads}

    def features(self, image: Tensor) -> Tensor:
        """What all upsamplings share: [n, 3, h, w] in [0, 1] to [n, width, h, w]."""
        return self(self.entry(self.sub_mean(image)))

    def picture(self, features: Tensor, scale: int) -> Tensor:
        """[n, width, h, w] to [n, 3, h * scale, w * scale], clipped to [0, 1]."""
        larger = self.upsample.get_submodule(f"{self.heads[scale]}.body")(features)
        return torch.clamp(self.add_mean(self.exit(larger)), 0, 1)


class Native(nn.Module):
    """The largest upsampling."""

    def __init__(self, network: CARN) -> None:
        super().__init__()
        self.network, self.scale = network, max(network.heads)

    def forward(self, image: Tensor) -> Tensor:
        """RGB [n, 3, h, w] in [0, 1] to [n, 3, h * scale, w * scale] in [0, 1]."""
        return self.network.picture(self.network.features(image), self.scale)


class AnyFactor(nn.Module):
    """Any factor: the smallest upsampling that reaches it, resized by what is left."""

    def __init__(self, network: CARN) -> None:
        super().__init__()
        self.network, self.scales = network, sorted(network.heads)

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """RGB [n, 3, h, w] in [0, 1] to [n, 3, floor(h * factor), floor(w * factor)], antialiased bicubic."""
        features = self.network.features(image)
        *smaller, largest = self.scales
        for scale in smaller:
            if factor <= scale:
                return self.resized(features, scale, factor)
        return self.resized(features, largest, factor)

    def resized(self, features: Tensor, scale: int, factor: float) -> Tensor:
        """The picture of one upsampling, [n, 3, h * scale, w * scale], at the size that `factor` asks for."""
        picture = self.network.picture(features, scale)
        return F.interpolate(picture, scale_factor=factor / scale, mode="bicubic", antialias=True)


def detect(state: State) -> str:
    """See `Architecture.detect`."""
    if missing := [name for name in NEEDED if name not in state or state[name].dim() != 4 or not state[name].numel()]:
        return f"no {missing[0]}"
    if not (shape := shape_of(state)).heads:
        return "no upsample.up2, up3, up4 or up"
    return difference(state, lambda: CARN(shape))


NEEDED = ("entry.weight", "b1.b1.body.0.weight", "exit.weight")


def shape_of(state: State) -> Shape:
    """What the shapes of the tensors tell."""
    width = state["entry.weight"].shape[0]
    heads: list[tuple[str, int]] = []
    up_groups = 1
    for name, tensor in state.items():
        if found := re.fullmatch(r"upsample\.(up\d?)\.body\.0\.weight", name):
            twice = f"upsample.{found[1]}.body.3.weight" in state
            heads.append((found[1], 4 if twice else math.isqrt(tensor.shape[0] // width)))
            up_groups = width // max(1, tensor.shape[1])
    return Shape(
        width,
        width // state["b1.b1.body.0.weight"].shape[1],
        up_groups,
        across="b1.b1.body.4.weight" in state,
        shared="b1.b2.body.0.weight" not in state,
        heads=tuple(sorted(heads)),
    )


def load(state: State, facts: Mapping[str, str]) -> ImageModel:
    """See `Architecture.load`. No text in the file counts."""
    del facts
    network = CARN(shape_of(state))
    network.load_state_dict(dict(state))
    scale = max(network.heads)
    tags = ("CARN-M",) if "b1.b1.body.4.weight" in state else ()
    return ImageModel(
        Native(network).eval(),
        (torch.rand(1, 3, 12, 9, generator=torch.Generator().manual_seed(0)),),
        Image(),
        scale=scale,
        live=AnyFactor(network).eval(),
        facts=Network("CARN", "super-resolution", scale, tags=tags),
    )


ARCHITECTURE = Architecture("carn", detect, load)
