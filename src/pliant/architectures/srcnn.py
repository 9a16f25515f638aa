"""SRCNN: a bicubic resize followed by three convolutions (9-1-5 in the tutorial).

Source: Dong, Loy, He and Tang, "Image Super-Resolution Using Deep Convolutional Networks",
IEEE TPAMI 38(2), 2016, https://arxiv.org/abs/1501.00092. The paper resizes outside the network and works
on luma; the deployment tutorial resizes inside it and works on RGB, which is what this file builds.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.architectures.base import MOST, Architecture, ImageModel, State
from pliant.contract import Image


class SRCNN(nn.Module):
    """Resize a picture by `factor` and restore what the resize lost.

    Args:
        channels: colour channels of the picture, 3 for RGB.
        features: output channels of the first and the second convolution.
        kernels: kernel sizes of the three convolutions, odd.
        residual: the convolutions compute a correction that is added to the resized picture; the published
            network is not residual.
    """

    def __init__(
        self,
        channels: int = 3,
        features: tuple[int, int] = (64, 32),
        kernels: tuple[int, int, int] = (9, 1, 5),
        residual: bool = False,
    ) -> None:
        super().__init__()
        first, second = features
        self.residual = residual
        self.conv1 = nn.Conv2d(channels, first, kernels[0], padding=kernels[0] // 2)
        self.conv2 = nn.Conv2d(first, second, kernels[1], padding=kernels[1] // 2)
        self.conv3 = nn.Conv2d(second, channels, kernels[2], padding=kernels[2] // 2)

    def restore(self, resized: Tensor) -> Tensor:
        """Sharpen a picture that is already at its final size, float [n, channels, h, w] in [0, 1]."""
        correction = self.conv3(F.relu(self.conv2(F.relu(self.conv1(resized)))))
        return resized + correction if self.residual else correction

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """Upscale float [n, channels, h, w] in [0, 1] to [n, channels, floor(h * factor), floor(w * factor)].

        The result is near [0, 1] but not clipped.
        """
        resized = F.interpolate(image, scale_factor=factor, mode="bicubic", align_corners=False)
        return self.restore(resized)


SHAPES = {"conv1.weight": 4, "conv1.bias": 1, "conv2.weight": 4, "conv2.bias": 1, "conv3.weight": 4, "conv3.bias": 1}


def detect(state: State) -> str:
    """See `Architecture.detect`."""
    if missing := sorted(set(SHAPES) - set(state)):
        return f"no {', '.join(missing[:3])}"
    if extra := sorted(set(state) - set(SHAPES)):
        return f"{extra[0]} is not part of it"
    if wrong := [name for name, rank in SHAPES.items() if state[name].dim() != rank]:
        return f"{wrong[0]} has shape {tuple(state[wrong[0]].shape)}"
    first, second, third = (state[f"conv{k}.weight"] for k in (1, 2, 3))
    chained = (
        first.shape[0] == second.shape[1] and second.shape[0] == third.shape[1] and third.shape[0] == first.shape[1]
    )
    square = all(w.shape[2] == w.shape[3] and w.shape[2] % 2 for w in (first, second, third))
    biases = all(state[f"conv{k}.bias"].shape[0] == state[f"conv{k}.weight"].shape[0] for k in (1, 2, 3))
    if not (chained and square and biases):
        return "three convolutions that follow each other, with odd square kernels"
    return "" if first.shape[1] in (1, 3) else f"1 or 3 colour channels; conv1 takes {first.shape[1]}"


def load(state: State, facts: Mapping[str, str]) -> ImageModel:
    """See `Architecture.load`. The fact "residual" tells the two forms apart; published weights are not residual.
    "trained_for" is a range of factors, for people.
    """
    first, second, third = (state[f"conv{k}.weight"] for k in (1, 2, 3))
    channels = first.shape[1]
    module = SRCNN(
        channels,
        (first.shape[0], second.shape[0]),
        (first.shape[2], second.shape[2], third.shape[2]),
        residual=facts.get("residual") == "true",
    )
    module.load_state_dict(dict(state))
    image = Image(colours="RGB" if channels == 3 else "GREY")
    example = (torch.rand(1, channels, 24, 17, generator=torch.Generator().manual_seed(0)), 3.0)
    trained = facts.get("trained_for")
    notes = (f"Trained for factors {trained}; others work, with less to gain.",) if trained else ()
    return ImageModel(module.eval(), example, image, values={"factor": (1, MOST)}, notes=notes)


ARCHITECTURE = Architecture("srcnn", detect, load)
