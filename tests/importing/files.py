"""Small networks as other exporters write them: with one size, and everything that follows from it, in the file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SRCNN(nn.Module):
    """Resizes the picture, then refines it."""

    def __init__(self, resize: Callable[[Tensor], Tensor], normalise: bool = False) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 5, padding=2), nn.Conv2d(8, 3, 3, padding=1)
        self.resize, self.normalise = resize, normalise

    def forward(self, x: Tensor) -> Tensor:
        x = x - 0.4 if self.normalise else x
        x = self.resize(x)
        return x + self.last(torch.relu(self.first(x)))


class ESPCN(nn.Module):
    """Ends in a pixel shuffle, as one operator or spelled out with the numbers of one size."""

    def __init__(self, spelled: bool = False, scale: int = 4) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3 * scale**2, 3, padding=1))
        self.scale, self.spelled = scale, spelled

    def forward(self, x: Tensor) -> Tensor:
        y, r = self.body(x), self.scale
        if not self.spelled:
            return F.pixel_shuffle(y, r)
        n, _, h, w = y.shape
        y = y.reshape(n, 3, r, r, h, w).permute(0, 1, 4, 2, 5, 3)
        return y.reshape(n, 3, h * r, w * r)


class UNet(nn.Module):
    """Halves twice, and goes back to the sizes of what it passed."""

    def __init__(self, scales: bool = False) -> None:
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 2, 1)])
        self.up = nn.ModuleList([nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(16, 3, 3, padding=1)])
        self.scales = scales

    def forward(self, x: Tensor) -> Tensor:
        a = torch.relu(self.down[0](x))
        b = torch.relu(self.down[1](a))
        y = torch.relu(self.down[2](b))
        for skip, conv in zip((b, a), self.up, strict=True):
            kind = {"scale_factor": 2.0} if self.scales else {"size": skip.shape[2:]}
            y = conv(torch.cat([F.interpolate(y, mode="bilinear", align_corners=False, **kind), skip], 1))
        return y


class Windows(nn.Module):
    """Attention in windows of 8 x 8; with `shift` under a mask that was computed for one size, as in Swin."""

    def __init__(self, shift: bool = False, bias: bool = True, size: tuple[int, int] = (64, 64)) -> None:
        super().__init__()
        self.first, self.qkv = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 24)
        self.last, self.shift = nn.Conv2d(8, 3, 3, padding=1), shift
        self.bias = nn.Parameter(torch.randn(64, 64) * 0.1) if bias else None
        if shift:
            regions = torch.zeros(1, *size, 1)
            for k, rows in enumerate((slice(0, -8), slice(-8, -4), slice(-4, None))):
                regions[:, rows] += k
                regions[:, :, rows] += 3 * k
            flat = self.windows(regions).squeeze(-1)
            self.register_buffer("mask", (flat[:, None] != flat[:, :, None]).float() * -100)

    @staticmethod
    def windows(x: Tensor) -> Tensor:
        n, h, w, c = x.shape
        return x.view(n, h // 8, 8, w // 8, 8, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 64, c)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x).permute(0, 2, 3, 1)
        n, h, w, c = y.shape
        y = torch.roll(y, (-4, -4), (1, 2)) if self.shift else y
        q, k, v = self.qkv(self.windows(y)).chunk(3, -1)
        scores = q @ k.transpose(1, 2) / c**0.5
        if self.bias is not None:
            scores = scores + self.bias
        if self.shift:
            scores = scores + self.mask
        y = (scores.softmax(-1) @ v).view(n, h // 8, w // 8, 8, 8, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
        y = torch.roll(y, (4, 4), (1, 2)) if self.shift else y
        return x + self.last(y.permute(0, 3, 1, 2))


class Padded(nn.Module):
    """Pads to a multiple of 8, which is a number of one size in the file."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 8, 8, 8), nn.ConvTranspose2d(8, 3, 8, 8)

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[2:]
        y = F.pad(x, (0, -w % 8, 0, -h % 8), mode="reflect")
        return self.up(torch.relu(self.down(y)))[:, :, :h, :w]


class Attention(nn.Module):
    """Weighs channels by the mean of the whole picture."""

    def __init__(self, how: str = "pool") -> None:
        super().__init__()
        self.first, self.squeeze, self.last = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 3, 3, 1, 1)
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.first(x))
        if self.how == "pool":
            mean = F.adaptive_avg_pool2d(y, 1)
        elif self.how == "window":
            mean = F.avg_pool2d(y, y.shape[2:])
        elif self.how == "sum":
            mean = y.sum((2, 3), keepdim=True) / (y.shape[2] * y.shape[3])
        else:
            mean = y.mean((2, 3), keepdim=True)
        return self.last(y * torch.sigmoid(self.squeeze(mean)))


class ESRGAN(nn.Module):
    """Doubles feature maps twice; with `skip` the resized picture is added."""

    def __init__(self, skip: bool = False) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 1, 1), nn.Conv2d(8, 3, 3, 1, 1)])
        self.skip = skip

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.convs[0](x), 0.2)
        y = F.leaky_relu(self.convs[1](F.interpolate(y, scale_factor=2, mode="nearest")), 0.2)
        y = self.convs[2](F.interpolate(y, scale_factor=2, mode="nearest"))
        if self.skip:
            y = y + F.interpolate(x, scale_factor=4, mode="bilinear", align_corners=False)
        return y


class Tokens(nn.Module):
    """Attention over all pixels, a few of them, as one axis."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.qkv, self.last = nn.Conv2d(3, 8, 3, 1, 1), nn.Linear(8, 24), nn.Conv2d(8, 3, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        n, c, h, w = y.shape
        q, k, v = self.qkv(y.flatten(2).transpose(1, 2)).chunk(3, -1)
        y = F.softmax(q @ k.transpose(1, 2) / c**0.5, -1) @ v
        return self.last(y.transpose(1, 2).reshape(n, c, h, w))


class Halves(nn.Module):
    """Works on the upper and the lower half."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        half = x.shape[2] // 2
        return torch.cat([self.conv(x[:, :, :half]), self.conv(x[:, :, half:])], 2)


class Coordinates(nn.Module):
    """Joins the picture with where each pixel is."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 3, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        rows = torch.linspace(-1, 1, x.shape[2])[:, None].expand(1, 1, x.shape[2], x.shape[3])
        return self.conv(torch.cat([x, rows], 1))


def write(
    folder: Path, module: nn.Module, size: tuple[int, int] = (64, 64), *, opset: int = 17, dynamo: bool = False
) -> Path:
    """The file that PyTorch writes of a module for one size."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.2)
    path = folder / f"{type(module).__name__.lower()}.onnx"
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        example = (torch.rand(1, 3, *size),)
        if dynamo:
            torch.onnx.export(
                module.eval(), example, str(path), opset_version=opset, dynamo=True, verbose=False, external_data=False
            )
        else:
            torch.onnx.export(module.eval(), example, buffer, opset_version=opset, dynamo=False)
            path.write_bytes(buffer.getvalue())
    return path
