"""Published weights on Set5: how each is measured, and what was published.

`benchmarks/set5.py` runs all of it, the tests a share. Results become eight-bit pictures before they are measured:

- "Y": luma in [16, 235], as MATLAB's rgb2ycbcr, without a border as wide as the scale, as in most papers;
- "Y cut": the same, but fractions of a grey level are cut off, as the code of CARN does;
- "grey": the picture itself, which is the luma of an original with noise of 25 levels.

The figures for the networks of Nhat-Thanh are of another kind: `alone` says what they were made from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from pliant.apps.export import Request, run, weights_model
from pliant.artifact import Artifact

Picture = NDArray[Any]
JPEG = np.array([[0.299, 0.587, 0.114], [-0.16874, -0.33126, 0.5], [0.5, -0.41869, -0.08131]])
MATLAB = np.array([65.481, 128.553, 24.966]) / 255
NOISE = 25


@dataclass(frozen=True)
class Measured:
    """Weights, the factor they are used with, the measure, the published figure in dB, and what is to say about it."""

    weights: str
    factor: int
    measure: str = "Y"
    published: float | None = None
    planes: bool = False  # the published figure is that of `alone`
    meant: float | None = None  # where the published figure is mistyped
    remark: str = ""

    @property
    def expected(self) -> float | None:
        """The figure to reproduce, if there is one."""
        return self.published if self.meant is None else self.meant

    def __str__(self) -> str:
        return f"{self.weights} x{self.factor}"


TYPED = "the code that it comes from gives 38.7830 with these weights, so that 38.2830 looks mistyped"
ROWS = (
    Measured("rlfn/rlfn_x2.pth", 2, published=38.07),
    Measured("rlfn/rlfn_x4.pth", 4, published=32.24),
    Measured("rlfn/rlfn_ntire_x4.pth", 4, remark="no figure on Set5 was found"),
    Measured("carn/carn_m.pth", 2, "Y cut", 37.53),
    Measured("carn/carn_m.pth", 3, "Y cut", 33.99),
    Measured("carn/carn_m.pth", 4, "Y cut", 31.92),
    Measured("nhat-thanh/ESPCN-x2.pt", 2, published=38.2830, planes=True, meant=38.7830, remark=TYPED),
    Measured("nhat-thanh/ESPCN-x4.pt", 4, published=32.0646, planes=True),
    Measured("nhat-thanh/FSRCNN-x2.pt", 2, published=38.7593, planes=True),
    Measured("nhat-thanh/FSRCNN-x4.pt", 4, published=31.9589, planes=True),
    Measured("nhat-thanh/SRCNN-915.pt", 2, published=37.2598, planes=True),
    Measured("nhat-thanh/SRCNN-915.pt", 3, published=34.2887, planes=True),
    Measured("nhat-thanh/SRCNN-915.pt", 4, published=32.0071, planes=True),
    Measured("compact/realesr-animevideov3.pth", 4, remark="trained for drawings, no figure on Set5"),
    Measured("dctlsa/DCTLSA_X2.pt", 2, remark="no figure was found outside the paper, which was not at hand"),
    Measured("dctlsa/DCTLSA_X4.pt", 4, remark="no figure was found outside the paper, which was not at hand"),
    Measured("ntire2024/team34_craft.pth", 4, remark="no figure on Set5 was found"),
    Measured("dncnn/dncnn_25.pth", 1, "grey", remark="a denoiser, published on other pictures"),
)


def pairs(reference: Path, row: Measured, count: int) -> Iterator[tuple[Picture, Picture]]:
    """What goes in, float32 [1, c, h, w] in [0, 1], and the original, 8 bits [h', w'] or [h', w', 3]."""
    folder = reference / "benchmarks" / "Set5" / f"x{max(2, row.factor)}"
    for original in sorted(folder.glob("*_HR.png"))[:count]:
        truth = np.asarray(Image.open(original).convert("RGB"))
        if row.measure == "grey":
            truth = np.rint(luma(truth)).astype(np.uint8)
            noise = np.random.default_rng(0).normal(0, NOISE, truth.shape)
            yield ((truth + noise) / 255).astype(np.float32)[None, None], truth
        else:
            small = np.asarray(Image.open(str(original).replace("_HR", "_LR")).convert("RGB"))
            yield np.ascontiguousarray(small.transpose(2, 0, 1)[None], np.float32) / np.float32(255), truth


def luma(picture: Picture) -> Picture:
    """Y in [16, 235] of RGB [h, w, 3] in [0, 255]."""
    return picture @ MATLAB + 16


def planes(picture: Picture) -> Picture:
    """Y, Cb and Cr, whole levels, of RGB [h, w, 3] in [0, 255]."""
    return np.floor(np.clip(picture @ JPEG.T + [0, 128, 128], 16, [235, 240, 240]))


def psnr(row: Measured, result: Picture, truth: Picture) -> float:
    """In dB, of a result float32 [1, c, h, w] in [0, 1]."""
    levels = np.clip(result[0].transpose(1, 2, 0), 0, 1).astype(np.float64) * 255
    levels = np.floor(levels if row.measure == "Y cut" else levels + 0.5)
    if row.measure == "grey":
        return decibels(levels[..., 0], truth, 0)
    return decibels(luma(levels), luma(truth), row.factor)


def decibels(result: Picture, truth: Picture, border: int) -> float:
    """PSNR of [h, w] or [h, w, c] in levels, without a border."""
    error = (result - truth)[border : len(truth) - border, border : truth.shape[1] - border]
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def alone(reference: Path, row: Measured) -> float:
    """The mean PSNR of a network of Nhat-Thanh, in the way of the code that it comes from.

    The planes Y, Cb and Cr of JPEG are cut to whole levels in [16, 235] and [16, 240], before the network and in the
    original, and the error is that of all three as the network gives them. The network that resizes first has a picture
    of whole levels resized, and its border of 6 pixels is not counted. A file does not cut: black and white would be
    lost, and with them 2 dB of luma on these pictures.
    """
    module = weights_model(str(reference / "weights" / row.weights)).module
    resizing = hasattr(module, "restoration")
    network = (module.restoration if resizing else module.network).network
    found: list[float] = []
    for small, truth in pairs(reference, row, 5):
        picture = torch.from_numpy(small) * 255
        if resizing:
            picture = F.interpolate(picture, scale_factor=row.factor, mode="bicubic").round().clamp(0, 255)
        inside = planes(picture[0].permute(1, 2, 0).numpy().astype(np.float64).round()) / 255
        with torch.no_grad():
            result = network(torch.from_numpy(inside).float().permute(2, 0, 1)[None]).clamp(0, 1)
        levels = result[0].permute(1, 2, 0).numpy().astype(np.float64) * 255
        found.append(decibels(levels, planes(truth), 6 if resizing else 0))
    return float(np.mean(found))


def eager(reference: Path, row: Measured) -> Any:
    """The network in PyTorch, from float32 [1, c, h, w] to the same."""
    module = weights_model(str(reference / "weights" / row.weights)).module

    def call(picture: Picture, *factor: float) -> Picture:
        with torch.no_grad():
            return module(torch.from_numpy(picture), *factor).numpy()

    return call


def exported(reference: Path, weights: str) -> Artifact:
    """The file for these weights, as `pliant export` makes it."""
    return run(Request(str(reference / "weights" / weights)))


def quality(reference: Path, row: Measured, network: Any, count: int = 5) -> float:
    """The mean PSNR in dB over the first `count` pictures; `network` is a session or what `eager` gives."""
    factor = (float(row.factor),) if row.factor > 1 else ()
    return float(np.mean([psnr(row, network(x, *factor), truth) for x, truth in pairs(reference, row, count)]))
