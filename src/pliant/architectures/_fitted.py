"""What stands around a network: sizes it needs, the range of its result, and a factor it does not have.

All of it becomes part of the ONNX graph, so that the file takes any picture from 1x1.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.contract import Network

Call = Callable[..., Tensor]  # (network, image, ...) -> picture


def fitted_length(length: int, facts: Network) -> int:
    """The shortest length that is at least `length` and fits `facts`: its minimum, and a multiple of its multiple."""
    least = max(length, facts.minimum)
    return least + -least % facts.multiple


def padded(image: Tensor, height: int, width: int) -> Tensor:
    """A picture extended below and to the right, mirrored as far as it goes and then by its last row or column.

    As spandrel's descriptors do it, so that a checkpoint gives what it gives there.
    """
    below, right = height - image.shape[-2], width - image.shape[-1]
    mirrored = (min(right, image.shape[-1] - 1), min(below, image.shape[-2] - 1))
    image = F.pad(image, (0, mirrored[0], 0, mirrored[1]), mode="reflect")
    return F.pad(image, (0, width - image.shape[-1], 0, height - image.shape[-2]), mode="replicate")


class Fitted(nn.Module):
    """A network that takes pictures of any size and answers in [0, 1].

    Args:
        network: the module with the weights.
        facts: the sizes it needs.
        scale: result pixels per pixel.
        call: how the network is called, where that is not `network(image)`.
        side: the only height and width that the network takes, the longest of a picture; 0 if there are others.
    """

    def __init__(
        self, network: nn.Module, facts: Network, scale: int = 1, call: Call | None = None, side: int = 0
    ) -> None:
        super().__init__()
        self.network, self.facts, self.scale, self.call, self.side = network, facts, scale, call, side

    def forward(self, image: Tensor) -> Tensor:
        """[n, c, h, w] in [0, 1] to [n, c', h * scale, w * scale] in [0, 1]."""
        return self.answer(image)

    def answer(self, *pictures: Tensor) -> Tensor:
        """The network's result for pictures of one size, [n, c, h, w]; the first gives the size of the result."""
        height, width = pictures[0].shape[-2:]
        if self.facts.demanding:
            tall, wide = fitted_length(height, self.facts), fitted_length(width, self.facts)
            if self.facts.square:
                tall = wide = self.side or max(tall, wide)
            pictures = tuple(padded(picture, tall, wide) for picture in pictures)
        result = self.call(self.network, *pictures) if self.call else self.network(*pictures)
        result = torch.clamp(result, 0, 1)
        if self.facts.demanding:
            result = result[..., : height * self.scale, : width * self.scale]
        return result


class FittedMasked(nn.Module):
    """A network that fills the part of a picture that a mask marks; the arguments are those of `Fitted`."""

    def __init__(
        self, network: nn.Module, facts: Network, scale: int = 1, call: Call | None = None, side: int = 0
    ) -> None:
        super().__init__()
        self.fitted = Fitted(network, facts, scale, call, side)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """[n, c, h, w] in [0, 1] and [n, 1, h, w], 1 where the picture is to be filled, to [n, c, h, w] in [0, 1]."""
        return self.fitted.answer(image, mask)


class AnyFactor(nn.Module):
    """A network of one scale that takes any factor."""

    def __init__(self, network: nn.Module, scale: int) -> None:
        super().__init__()
        self.network, self.scale = network, scale

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """Upscale [n, c, h, w] by `factor`.

        The network's result is resized by factor / scale, exactly as
        `F.interpolate(result, scale_factor=factor / scale, mode="bicubic", antialias=True)`. Its length is that call's,
        floor(h * scale * (factor / scale)) in double, which for a scale of 3 is now and then one less than
        floor(h * factor): 29 for 50 pixels by 0.6.
        """
        return F.interpolate(self.network(image), scale_factor=factor / self.scale, mode="bicubic", antialias=True)
