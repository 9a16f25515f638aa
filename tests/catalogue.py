"""What vision networks are made of, as small networks with live height and width: one per building block.

Each is exported from one example and then run at other sizes, on every engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant

SIZES = ((7, 9), (12, 5), (1, 3), (16, 11))  # the first is the example's


@dataclass(frozen=True)
class Block:
    """A network, the channels of its picture, and the sizes it is run at after the first, with which it is exported."""

    make: Callable[[], nn.Module]
    channels: int = 4
    sizes: tuple[tuple[int, int], ...] = SIZES

    def pictures(self) -> list[Tensor]:
        """One for each size, in [-1, 1), from a fixed seed; all but the first two are batches of two."""
        made = torch.Generator().manual_seed(0)
        shapes = [(1 if k < 2 else 2, self.channels, h, w) for k, (h, w) in enumerate(self.sizes)]
        return [torch.rand(shape, generator=made) * 2 - 1 for shape in shapes]


class Calls(nn.Module):
    """A function of a picture as a module, with the weights that it uses."""

    def __init__(self, function: Callable[..., Any], **parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleDict(parts)

    def forward(self, x: Tensor) -> Any:
        return self.function(x, *self.parts.values())


class Attention(nn.Module):
    """Softmax attention over all pixels, as in vision transformers."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(4, 12), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        q, k, v = self.qkv(x.flatten(2).transpose(1, 2)).reshape(n, h * w, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        y = (q @ k.transpose(-2, -1) * 0.5).softmax(-1) @ v
        return self.out(y.transpose(1, 2).reshape(n, h * w, c)).transpose(1, 2).view(n, c, h, w)


class Windows(nn.Module):
    """Attention in windows of four, padded and cut, as in Swin-type networks."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        n, c, height, width = x.shape
        x = F.pad(x, (0, (4 - width % 4) % 4, 0, (4 - height % 4) % 4))
        h, w = x.shape[-2:]
        y = x.view(n, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(-1, 16, c)
        y = torch.softmax(y @ self.mix(y).transpose(1, 2), -1) @ y
        y = y.view(n, h // 4, w // 4, 4, 4, c).permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)
        return y[..., :height, :width]


class SqueezeExcite(nn.Module):
    """Channels weighted by what the whole picture holds."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 2, 1), nn.ReLU(), nn.Conv2d(2, 4, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)


class Sampled(nn.Module):
    """A picture looked up at positions that depend on its content."""

    def __init__(self, mode: str, padding: str, align: bool) -> None:
        super().__init__()
        self.how: dict[str, Any] = {"mode": mode, "padding_mode": padding, "align_corners": align}
        self.flow = nn.Conv2d(4, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        rows = torch.linspace(-1, 1, h)[:, None].expand(h, w)
        columns = torch.linspace(-1, 1, w)[None].expand(h, w)
        grid = torch.stack((columns, rows), -1) + 0.3 * self.flow(x).permute(0, 2, 3, 1)
        return F.grid_sample(x, grid, **self.how)


class Turned(nn.Module):
    """A picture turned by an affine grid."""

    def forward(self, x: Tensor) -> Tensor:
        theta = torch.tensor([[0.8, -0.6, 0.1], [0.6, 0.8, 0.0]]).expand(x.shape[0], 2, 3)
        return F.grid_sample(x, F.affine_grid(theta, list(x.shape), align_corners=False), align_corners=False)


class UNet(nn.Module):
    """Down and up with a skip connection; the larger map is cut to the smaller."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(4, 8, 3, 2, 1), nn.ConvTranspose2d(8, 4, 4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.up(torch.relu(self.down(x)))
        return torch.cat((y[..., : x.shape[2], : x.shape[3]], x), 1)


def conv(*args: Any, **kwargs: Any) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(nn.Conv2d(*args, **kwargs))


def layer(kind: type[nn.Module], *args: Any, **kwargs: Any) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(kind(*args, **kwargs))


def call(function: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Calls(function)


def resized(**how: Any) -> Callable[[], nn.Module]:
    return lambda: Calls(lambda x: F.interpolate(x, **how))


LARGER = ((7, 9), (12, 5), (4, 6), (16, 11))

BLOCKS: dict[str, Block] = {
    "conv 3x3": Block(conv(4, 5, 3, padding=1)),
    "conv strided": Block(conv(4, 5, 3, stride=2, padding=1)),
    "conv dilated": Block(conv(4, 5, 3, dilation=2, padding=2)),
    "conv grouped": Block(conv(4, 8, 3, padding=1, groups=2)),
    "conv depthwise": Block(conv(4, 4, 5, padding=2, groups=4, bias=False)),
    "conv reflect": Block(conv(4, 5, 3, padding=1, padding_mode="reflect"), sizes=LARGER),
    "conv replicate": Block(conv(4, 5, 3, padding=1, padding_mode="replicate")),
    "conv circular": Block(conv(4, 5, 3, padding=1, padding_mode="circular")),
    "conv transposed": Block(layer(nn.ConvTranspose2d, 4, 3, 4, 2, 1)),
    "conv transposed, output padding": Block(layer(nn.ConvTranspose2d, 4, 3, 3, 2, 1, output_padding=1)),
    "linear": Block(lambda: Calls(lambda x, fc: fc(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), fc=nn.Linear(4, 3))),
    "relu": Block(layer(nn.ReLU)),
    "leaky relu": Block(layer(nn.LeakyReLU, 0.2)),
    "prelu": Block(layer(nn.PReLU, 4)),
    "elu": Block(layer(nn.ELU)),
    "gelu": Block(layer(nn.GELU)),
    "gelu tanh": Block(layer(nn.GELU, approximate="tanh")),
    "silu": Block(layer(nn.SiLU)),
    "hardswish": Block(layer(nn.Hardswish)),
    "hardsigmoid": Block(layer(nn.Hardsigmoid)),
    "mish": Block(layer(nn.Mish)),
    "sigmoid": Block(layer(nn.Sigmoid)),
    "tanh": Block(layer(nn.Tanh)),
    "softplus": Block(layer(nn.Softplus)),
    "sinh": Block(call(lambda x: torch.sinh(5 * x) + 1e3 * torch.sinh(1e-2 * x))),
    "clamp": Block(call(lambda x: x.clamp(-0.5, 0.25))),
    "batch norm": Block(layer(nn.BatchNorm2d, 4)),
    "instance norm": Block(layer(nn.InstanceNorm2d, 4, affine=True), sizes=LARGER),
    "group norm": Block(layer(nn.GroupNorm, 2, 4)),
    "layer norm over channels": Block(
        lambda: Calls(lambda x, norm: norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), norm=nn.LayerNorm(4))
    ),
    "max pool": Block(layer(nn.MaxPool2d, 2), sizes=LARGER),
    "max pool padded": Block(layer(nn.MaxPool2d, 3, 2, 1)),
    "average pool": Block(layer(nn.AvgPool2d, 2), sizes=LARGER),
    "average pool, pads not counted": Block(layer(nn.AvgPool2d, 3, 1, 1, count_include_pad=False)),
    "global average": Block(layer(nn.AdaptiveAvgPool2d, 1)),
    "adaptive average 3x2": Block(layer(nn.AdaptiveAvgPool2d, (3, 2))),
    "adaptive max 3x2": Block(layer(nn.AdaptiveMaxPool2d, (3, 2))),
    "mean and deviation": Block(call(lambda x: (x - x.mean((2, 3), keepdim=True)) / (x.std(1, keepdim=True) + 1))),
    "maximum over channels": Block(call(lambda x: x.amax(1, keepdim=True) + x.max(2, keepdim=True).values)),
    "pixel shuffle": Block(layer(nn.PixelShuffle, 2)),
    "pixel unshuffle": Block(layer(nn.PixelUnshuffle, 2), sizes=((8, 10), (12, 6), (2, 4), (16, 12))),
    "channel shuffle": Block(layer(nn.ChannelShuffle, 2)),
    "concat and split": Block(call(lambda x: torch.cat((x.chunk(2, 1)[1], x, x[:, :1]), 1))),
    "slices with steps": Block(call(lambda x: x[:, :, ::2, 1::2])),
    "flips": Block(call(lambda x: x.flip(2) + x.flip(3).transpose(2, 3).transpose(2, 3))),
    "pad constant": Block(call(lambda x: F.pad(x, (1, 2, 0, 3), value=0.5))),
    "pad reflect": Block(call(lambda x: F.pad(x, (1, 2, 0, 3), mode="reflect")), sizes=LARGER),
    "pad replicate": Block(call(lambda x: F.pad(x, (1, 2, 0, 3), mode="replicate"))),
    "resize nearest x2": Block(resized(scale_factor=2, mode="nearest")),
    "resize bilinear x1.7": Block(resized(scale_factor=1.7, mode="bilinear")),
    "resize bilinear aligned": Block(resized(size=(10, 13), mode="bilinear", align_corners=True)),
    "resize bicubic x2.5": Block(resized(scale_factor=2.5, mode="bicubic")),
    "resize bicubic antialias": Block(resized(scale_factor=0.6, mode="bicubic", antialias=True), sizes=LARGER),
    "resize area": Block(resized(size=(4, 3), mode="area")),
    "softmax over channels": Block(layer(nn.Softmax, 1)),
    "softmax over columns": Block(layer(nn.Softmax, 3)),
    "log softmax": Block(layer(nn.LogSoftmax, 1)),
    "argmax": Block(call(lambda x: x.argmax(1))),
    "top 2 of the channels": Block(call(lambda x: x.topk(2, 1).values)),
    "where and comparisons": Block(call(lambda x: torch.where((x > 0) & (x < 0.5), x, x.abs().sqrt()))),
    "powers and roots": Block(call(lambda x: (x.abs() + 0.1) ** 2.2 + x.exp() - (x.abs() + 1).log() + x.sin())),
    "round and floor": Block(call(lambda x: (x * 7).round() + (x * 5).floor() + (x * 3).ceil() + (x * 3).trunc())),
    "cumulative sum": Block(call(lambda x: x.cumsum(3))),
    "einsum": Block(call(lambda x: torch.einsum("nchw,ndhw->ncdh", x, x))),
    "matmul of maps": Block(call(lambda x: x.flatten(2) @ x.flatten(2).transpose(1, 2))),
    "normalize": Block(call(lambda x: F.normalize(x, dim=1))),
    "unfold": Block(call(lambda x: F.unfold(x, 3, padding=1))),
    "fold": Block(call(lambda x: F.fold(F.unfold(x, 2), x.shape[-2:], 2)), sizes=LARGER),
    "scatter by mask": Block(call(lambda x: x.masked_fill(x > 0.2, -1.0))),
    "attention": Block(Attention),
    "window attention": Block(Windows),
    "squeeze and excite": Block(SqueezeExcite),
    "grid sample bilinear": Block(lambda: Sampled("bilinear", "zeros", False)),
    "grid sample bicubic border": Block(lambda: Sampled("bicubic", "border", True)),
    "grid sample nearest reflection": Block(lambda: Sampled("nearest", "reflection", False)),
    "affine grid": Block(Turned),
    "u-net": Block(UNet, sizes=LARGER),
}


class Several(nn.Module):
    """Blocks that take the same pictures, as one network with a result for each: one export serves them all."""

    def __init__(self, blocks: list[Block]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.blocks = nn.ModuleList(block.make() for block in blocks)

    def forward(self, x: Tensor) -> list[Tensor]:
        return [block(x) for block in self.blocks]


def groups() -> dict[tuple[Any, ...], list[str]]:
    """Names of the blocks by channels and sizes."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for name, block in BLOCKS.items():
        found.setdefault((block.channels, block.sizes), []).append(name)
    return found


GROUPS = {f"{channels} channels, {sizes}": names for (channels, sizes), names in groups().items()}


@cache
def exported(group: str) -> tuple[pliant.Artifact, list[tuple[Any, list[Any]]]]:
    """One file for the blocks of a group, and what PyTorch gives for each picture."""
    members = [BLOCKS[name] for name in GROUPS[group]]
    module, pictures = Several(members).eval(), members[0].pictures()
    artifact = pliant.export(module, (pictures[0],))
    with torch.no_grad():
        return artifact, [(x.numpy(), [y.numpy() for y in module(x)]) for x in pictures]
