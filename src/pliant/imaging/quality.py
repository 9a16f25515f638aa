"""How much a picture resembles another one: PSNR, SSIM, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.errors import UsageError
from pliant.imaging.pixels import top

Array = NDArray[Any]
PEAK = 255.0  # grey levels; deeper pictures are brought to this range
# luma of R'G'B' in 0..255 as 16..235, ITU-R BT.601, as MATLAB's rgb2ycbcr and papers on super-resolution take it
LUMA = np.array([65.481, 128.553, 24.966]) / 255
FOOT = 16.0
WINDOW, SIGMA = 11, 1.5  # of SSIM
K1, K2 = 0.01, 0.03
COLOURS = ("luma", "rgb")


@dataclass(frozen=True)
class Quality:
    """How one picture differs from another, both with levels 0 to 255.

    `psnr` is in dB, infinite for equal pictures. `ssim` is 1 for equal pictures, None where a side is shorter than its
    window of 11 pixels. `largest` is the largest difference in levels, `mean` the mean one, `differing` the share of
    values that differ by more than half a level.
    """

    psnr: float
    ssim: float | None
    largest: float
    mean: float
    differing: float


def levels(pixels: Array, colours: str) -> NDArray[np.float64]:
    """The colours of a picture as float64 [h, w, c] in levels 0 to 255: its luma, or RGB; transparency is left out.

    `pixels` is uint8, uint16 or float32 [h, w, c] with 1 to 4 channels; `colours` is "luma" or "rgb". The luma of a
    grey picture is that of the RGB picture with three equal channels.
    """
    if colours not in COLOURS:
        raise UsageError(f"The colours are {colours!r}; give luma or rgb.")
    shown = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1].repeat(3, axis=2)
    values = shown.astype(np.float64) * (PEAK / top(pixels.dtype))
    return (values @ LUMA + FOOT)[..., None] if colours == "luma" else values


def quality(one: NDArray[np.float64], other: NDArray[np.float64], border: int = 0) -> Quality:
    """Compare two pictures [h, w, c] of one size in levels 0 to 255, without a frame of `border` pixels.

    Raises UsageError if nothing is left within the border.
    """
    a, b = inside(one, border), inside(other, border)
    error = np.abs(a - b)
    square = float(np.square(error).mean())
    return Quality(
        psnr=10 * log10(PEAK**2 / square) if square else inf,
        ssim=ssim(a, b) if min(a.shape[:2]) >= WINDOW else None,
        largest=float(error.max()),
        mean=float(error.mean()),
        differing=float((error > 0.5).mean()),
    )


def inside(picture: Array, border: int) -> Array:
    """The picture without a frame of `border` pixels. Raises UsageError if nothing is left."""
    height, width = picture.shape[:2]
    if border < 0 or 2 * border >= min(height, width):
        raise UsageError(
            f"The border is {border} pixels, and the picture has {width} x {height}; a border of 0 to "
            f"{(min(height, width) - 1) // 2} leaves something to compare."
        )
    return picture[border : height - border, border : width - border]


def ssim(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The mean structural similarity of [h, w, c] in levels 0 to 255, of all channels and all whole windows.

    A Gaussian window of 11x11 pixels with sigma 1.5, K1 = 0.01, K2 = 0.03. Source: Wang, Bovik, Sheikh, Simoncelli,
    "Image quality assessment: from error visibility to structural similarity", 2004.
    """
    c1, c2 = (K1 * PEAK) ** 2, (K2 * PEAK) ** 2
    mean_a, mean_b = _blurred(one), _blurred(other)
    spread_a, spread_b = _blurred(one * one) - mean_a**2, _blurred(other * other) - mean_b**2
    both = _blurred(one * other) - mean_a * mean_b
    alike = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float((alike / ((mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2))).mean())


def _blurred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Gaussian mean of every whole window; each side gets shorter by the window less one."""
    steps = np.arange(WINDOW) - WINDOW // 2
    weights = np.exp(-(steps**2) / (2 * SIGMA**2))
    weights /= weights.sum()
    for axis in (0, 1):
        count = values.shape[axis] - WINDOW + 1
        parts = (values.take(range(k, k + count), axis) * weight for k, weight in enumerate(weights))
        total = next(parts)
        for part in parts:
            total = total + part
        values = total
    return values


def difference(one: NDArray[np.float64], other: NDArray[np.float64], gain: float) -> NDArray[np.uint8]:
    """Where pictures in levels differ: the absolute difference times `gain`, at most 255, uint8 [h, w, c]."""
    return np.clip(np.abs(one - other) * gain + 0.5, 0, PEAK).astype(np.uint8)


def worst_place(one: NDArray[np.float64], other: NDArray[np.float64], width: int, height: int) -> tuple[int, int]:
    """The left and upper edge of the part of this size in which pictures differ most, by the sum of squares."""
    error = np.square(one - other).sum(axis=2)
    sums = np.pad(error.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    totals = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    row, column = np.unravel_index(int(totals.argmax()), totals.shape)
    return int(column), int(row)
