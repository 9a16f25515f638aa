"""Networks that use a run-time value the way people write it, and arguments to try them on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZES = ((16, 20), (15, 17), (12, 9), (10, 30), (1, 1), (31, 7))
FACTORS = (3.0, 2.5, 1.7, 1.3, 4.0, 1.0)


class Small(nn.Module):
    """The tutorial's network with few channels; a subclass says how the factor gets in."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv1 = nn.Conv2d(3, 8, 9, padding=4)
        self.conv2 = nn.Conv2d(8, 6, 1)
        self.conv3 = nn.Conv2d(6, 3, 5, padding=2)
        for parameter in self.parameters():
            parameter.data = torch.rand(parameter.shape, generator=generator) * 0.2 - 0.08

    def body(self, x: Tensor) -> Tensor:
        return self.conv3(F.relu(self.conv2(F.relu(self.conv1(x)))))


class Item(Small):
    def forward(self, x: Tensor, factor: Tensor) -> Tensor:
        return self.body(F.interpolate(x, scale_factor=factor.item(), mode="bicubic", align_corners=False))


class Number(Small):
    def forward(self, x: Tensor, factor: float) -> Tensor:
        return self.body(F.interpolate(x, scale_factor=factor, mode="bicubic", align_corners=False))


class Checked(Small):
    """Asks what kind of number it was given, as much code does."""

    def forward(self, x: Tensor, factor: float) -> Tensor:
        if isinstance(factor, (int, float)):
            factor = (float(factor), factor)
        return self.body(F.interpolate(x, scale_factor=factor, mode="bilinear"))


class ToList(Small):
    def forward(self, x: Tensor, scales: Tensor) -> Tensor:
        return self.body(F.interpolate(x, scale_factor=scales.tolist()[-2:], mode="bicubic", align_corners=False))


class Arithmetic(Small):
    def forward(self, x: Tensor, factor: Tensor) -> Tensor:
        f = min(max(factor.item(), 1.2), 3.5) / 2
        skip = F.interpolate(x, scale_factor=f * 2, mode="bilinear")
        return self.body(F.interpolate(x, scale_factor=f * 2, mode="bicubic")) + skip


class Sizes(Small):
    """Sizes by every way of rounding that Python has, half to even among them."""

    def forward(self, x: Tensor, factor: float) -> Tensor:
        h, w = x.shape[-2:]
        a = F.interpolate(x, size=(int(h * factor), math.ceil(w * factor)), mode="bicubic")
        b = F.interpolate(x, size=(round(h * factor / 2) + 1, math.floor(w * factor)), mode="nearest")
        c = F.interpolate(x, size=(max(h // 3, 1), -(-w // 2)), mode="bilinear", align_corners=True)
        return a.mean() + b.mean((2, 3)) + c.std()


class Resize(torch.autograd.Function):
    """The tutorial's operator. Its `symbolic` is off by one at 10 * 1.3; `forward` is right."""

    @staticmethod
    def symbolic(g: Any, x: Any, scales: Any) -> Any:
        empty = g.op("Constant", value_t=torch.tensor([], dtype=torch.float32))
        mode = {"coordinate_transformation_mode_s": "pytorch_half_pixel", "nearest_mode_s": "floor"}
        return g.op("Resize", x, empty, scales, cubic_coeff_a_f=-0.75, mode_s="cubic", **mode)

    @staticmethod
    def forward(ctx: Any, x: Tensor, scales: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=scales.tolist()[-2:], mode="bicubic", align_corners=False)


class Symbolic(Small):
    def forward(self, x: Tensor, scales: Tensor) -> Tensor:
        return self.body(Resize.apply(x, scales))


class NumpyRepeat(torch.autograd.Function):
    """An operator that cannot be traced, with a live input and an attribute; `symbolic` is all there is."""

    @staticmethod
    def symbolic(g: Any, x: Any, scales: Any, slope: float) -> Any:
        empty = g.op("Constant", value_t=torch.tensor([], dtype=torch.float32))
        mode = {"coordinate_transformation_mode_s": "asymmetric", "mode_s": "nearest", "nearest_mode_s": "floor"}
        return g.op("LeakyRelu", g.op("Resize", x, empty, scales, **mode), alpha_f=slope)

    @staticmethod
    def forward(ctx: Any, x: Tensor, scales: Tensor, slope: float) -> Tensor:
        data, (fy, fx) = x.numpy(), scales.numpy()[2:]
        rows = (np.arange(int(data.shape[2] * fy), dtype=np.float32) / fy).astype(int)
        columns = (np.arange(int(data.shape[3] * fx), dtype=np.float32) / fx).astype(int)
        taken = data[:, :, rows][:, :, :, columns]
        return torch.from_numpy(np.where(taken > 0, taken, taken * np.float32(slope)))


class Opaque(Small):
    def forward(self, x: Tensor, scales: Tensor) -> Tensor:
        return self.body(NumpyRepeat.apply(x - 0.5, scales, 0.2)) + 1


class NumpyNegative(torch.autograd.Function):
    @staticmethod
    def symbolic(g: Any, x: Any) -> Any:
        return g.op("Abs", x)

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.from_numpy(-x.numpy())


class Liar(Small):
    """Its `symbolic` says something else than its `forward`."""

    def forward(self, x: Tensor) -> Tensor:
        return self.body(NumpyNegative.apply(x))


HIDDEN: dict[str, Any] = {"F": F}
exec(
    "def padded(x):\n"
    "    h, w = x.shape[-2:]\n"
    "    return F.pad(x, (0, -w % 4, 0, -h % 4)) if h % 4 != 0 or w % 4 != 0 else x\n"
    "def brighter(x):\n"
    "    return x * 2 if x.shape[2] > 700 else x\n"
    "def square(x):\n"
    "    return x * 2 if x.shape[2] == x.shape[3] else x\n"
    "def much(x, factor):\n"
    "    return x * 2 if factor > 2 else x * factor\n",
    HIDDEN,
)  # code without source: its decisions are those of the example, and nothing but the audit can tell


class Branch(Small):
    def forward(self, x: Tensor, factor: Tensor) -> Tensor:
        if factor.item() > 2:
            x = x * 2
        return self.body(x)


class PadIfNeeded(Small):
    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        if h % 4 != 0 or w % 4 != 0:
            x = F.pad(x, (0, -w % 4, 0, -h % 4), mode="replicate")
        y = F.pixel_shuffle(F.pixel_unshuffle(x, 4), 4)
        return self.body(y)[:, :, :h, :w]


class Threshold(Small):
    """Another way for small pictures."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] < 6:
            return self.body(x) * 2
        return self.body(x)


class LargeThreshold(Small):
    """Another way for large pictures, larger than the audit tries unless it knows."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] > 700:
            return self.body(x) * 2
        return self.body(x)


class Unused(Small):
    def forward(self, x: Tensor, factor: float) -> Tensor:
        return self.body(x)


class Stride(Small):
    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        return F.conv2d(x, self.conv1.weight, stride=step.item(), padding=4)


def picture(height: int, width: int, n: int = 1) -> Tensor:
    return torch.rand(n, 3, height, width, generator=torch.Generator().manual_seed(height * 1000 + width))


class SameSize(Small):
    """Another way for two pictures of one size."""

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        if x.shape == other.shape:
            return self.body(x + other)
        return self.body(x + 2 * F.interpolate(other, x.shape[-2:]))


class Square(Small):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] == x.shape[3]:
            return self.body(x) * 2
        return self.body(x)


class Picky(Small):
    """Refuses small pictures, and has another way for large ones."""

    def forward(self, x: Tensor) -> Tensor:
        assert min(x.shape[-2:]) >= 12
        if x.shape[2] > 90:
            return self.body(x) * 2
        return self.body(x)


class OneOrMany(Small):
    """Another way for a single picture."""

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) if x.shape[0] == 1 else self.body(x) * 2


class HiddenPad(Small):
    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        y = F.pixel_shuffle(F.pixel_unshuffle(HIDDEN["padded"](x), 4), 4)
        return self.body(y)[:, :, :h, :w]


class HiddenThreshold(Small):
    def forward(self, x: Tensor) -> Tensor:
        return self.body(HIDDEN["brighter"](x))


class HiddenSquare(Small):
    def forward(self, x: Tensor) -> Tensor:
        return self.body(HIDDEN["square"](x))


class HiddenPicky(Small):
    """Refuses small pictures, so that a guard has to be broken where it works."""

    def forward(self, x: Tensor) -> Tensor:
        assert min(x.shape[-2:]) >= 12
        return self.body(HIDDEN["brighter"](x)) * 3


class HiddenValue(Small):
    def forward(self, x: Tensor, factor: float) -> Tensor:
        return self.body(HIDDEN["much"](x, factor))


class Three(Small):
    def forward(self, x: Tensor, factor: Tensor) -> Tensor:
        f = factor.item()
        torch._check(f == 3)
        return self.body(x) * f
