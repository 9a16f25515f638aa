"""SRCNN: a bicubic resize followed by three convolutions (9-1-5 in the tutorial).

Source: Dong, Loy, He and Tang, "Image Super-Resolution Using Deep Convolutional Networks",
IEEE TPAMI 38(2), 2016, https://arxiv.org/abs/1501.00092. The paper resizes outside the network and works
on luma; the deployment tutorial resizes inside it and works on RGB, which is what this file builds.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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
