"""Networks that work on brightness and colour differences: from RGB before them, and back to RGB after them.

Both ways are affine and become one 1x1 convolution each, the second the exact inverse of the first. Luma is that of
ITU-R BT.601: Y = 0.299 R + 0.587 G + 0.114 B, Cb = (B - Y) / 1.772, Cr = (R - Y) / 1.402. "Full" keeps Y in [0, 1], as
JPEG does (https://www.w3.org/Graphics/JPEG/jfif3.pdf); "studio" has Y in [16, 235] / 255 and the differences in
[16, 240] / 255, as MATLAB's rgb2ycbcr gives them, on which most of the literature is trained. The differences lie
around 128 / 255.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Colours = Literal["studio", "full", "RGB"]
LUMA = (0.299, 0.587, 0.114)


def ycbcr(colours: Colours) -> tuple[Tensor, Tensor]:
    """Matrix [3, 3] and offset [3] in float64 that bring RGB in [0, 1] to Y, Cb and Cr, or leave it as it is."""
    identity = torch.eye(3, dtype=torch.float64)
    if colours == "RGB":
        return identity, torch.zeros(3, dtype=torch.float64)
    y = torch.tensor(LUMA, dtype=torch.float64)
    matrix = torch.stack([y, (identity[2] - y) / 1.772, (identity[0] - y) / 1.402])
    offset = torch.tensor([0.0, 128, 128], dtype=torch.float64)
    if colours == "studio":
        matrix = matrix * torch.tensor([[219.0], [224], [224]], dtype=torch.float64) / 255
        offset[0] = 16
    return matrix, offset / 255


class InColours(nn.Module):
    """A network of Y, or of three colours, as one of RGB.

    Args:
        network: [n, channels, h, w] to [n, channels, h * scale, w * scale].
        channels: 1 for Y alone; Cb and Cr are resized by PyTorch's bicubic resize then.
        colours: what the network was trained on.
        scale: result pixels per pixel.
    """

    def __init__(self, network: nn.Module, channels: int, colours: Colours, scale: int = 1) -> None:
        super().__init__()
        self.network, self.channels, self.scale, self.colours = network, channels, scale, colours
        matrix, offset = ycbcr(colours)
        self.there, self.back = affine(matrix, offset), affine(matrix.inverse(), -matrix.inverse() @ offset)

    @property
    def tag(self) -> str:
        """What the network works on, in a word."""
        return "Y" if self.channels == 1 else "RGB" if self.colours == "RGB" else "YCbCr"

    def forward(self, image: Tensor) -> Tensor:
        """RGB [n, 3, h, w] in [0, 1] to [n, 3, h * scale, w * scale] in [0, 1]."""
        picture = self.there(image)
        result = torch.clamp(self.network(picture[:, : self.channels]), 0, 1)
        if self.channels == 1:
            rest = picture[:, 1:]
            if self.scale > 1:
                rest = F.interpolate(rest, scale_factor=self.scale, mode="bicubic", align_corners=False)
            result = torch.cat([result, rest], 1)
        return torch.clamp(self.back(result), 0, 1)


def affine(matrix: Tensor, offset: Tensor) -> nn.Module:
    """Each pixel [3] as matrix @ pixel + offset, in float32."""
    layer = nn.Conv2d(3, 3, 1)
    layer.load_state_dict({"weight": matrix.float()[:, :, None, None], "bias": offset.float()})
    return layer
