"""How far results are from what was expected, added up over cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Contract, Image

LEVELS = 255
Arrays = Sequence[NDArray[np.generic]]


@dataclass(frozen=True)
class Figures:
    """Sums over `elements` numbers of float outputs and `pixels` elements of picture outputs.

    `largest` is the largest absolute difference; `relative` the largest as a fraction of the largest expected
    magnitude of its case. `levels` is the largest difference in grey levels; `by_one` and `by_more` count elements off
    by one level and by more.
    """

    elements: int = 0
    total: float = 0.0
    squares: float = 0.0
    peak: float = 0.0
    largest: float = 0.0
    relative: float = 0.0
    pixels: int = 0
    by_one: int = 0
    by_more: int = 0
    levels: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.elements + other.elements,
            self.total + other.total,
            self.squares + other.squares,
            max(self.peak, other.peak),
            max(self.largest, other.largest),
            max(self.relative, other.relative),
            self.pixels + other.pixels,
            self.by_one + other.by_one,
            self.by_more + other.by_more,
            max(self.levels, other.levels),
        )

    @property
    def mean(self) -> float:
        """Mean absolute difference."""
        return self.total / self.elements if self.elements else 0.0

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio in dB, infinite where nothing differs.

        The peak is the range of the contract's pictures, or the largest expected magnitude.
        """
        mse = self.squares / self.elements if self.elements else 0.0
        return 10 * log10(self.peak**2 / mse) if mse and self.peak else inf

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; None for an infinite PSNR and for levels where there is no picture."""
        shares = {"off_by_one": self.by_one, "off_by_more": self.by_more}
        return {
            "max_error": self.largest,
            "max_relative_error": self.relative,
            "mean_error": self.mean,
            "psnr_db": None if self.psnr == inf else self.psnr,
            **{name: count / self.pixels if self.pixels else None for name, count in shares.items()},
            "largest_level_difference": self.levels if self.pixels else None,
        }


def measure(got: Arrays, expected: Arrays, contract: Contract) -> Figures:
    """The figures of one case. Outputs whose shapes differ, and infinities, are left to `compare_all`."""
    found = Figures()
    for a, b in zip(got, expected, strict=False):
        if a.shape == b.shape and a.size:
            found += _of(a.astype(np.float64), b.astype(np.float64), contract.image)
    return found


def levels(values: NDArray[Any], image: Image) -> NDArray[np.int64]:
    """Grey levels 0 to 255 of network values, rounded as the contract says."""
    unit = np.clip((values.astype(np.float64) - image.minimum) / (image.maximum - image.minimum), 0, 1) * LEVELS
    return np.floor(unit + 0.5 if image.rounding == "half up" else unit).astype(np.int64)


def is_picture(values: NDArray[Any], contract: Contract) -> bool:
    """Whether an output is a picture [n, c, h, w] in the sense of the contract."""
    return contract.image is not None and values.ndim == 4 and values.shape[1] in (1, 3)


def _of(a: NDArray[np.float64], b: NDArray[np.float64], image: Image | None) -> Figures:
    finite = np.isfinite(a) & np.isfinite(b)
    error = np.abs(a[finite] - b[finite])
    if not error.size:
        return Figures()
    magnitude = float(np.abs(b[finite]).max())
    picture = image is not None and a.ndim == 4 and a.shape[1] in (1, 3)
    off = np.abs(levels(a[finite], image) - levels(b[finite], image)) if picture and image else np.zeros(0, np.int64)
    largest = float(error.max())
    return Figures(
        elements=error.size,
        total=float(error.sum()),
        squares=float(np.square(error).sum()),
        peak=image.maximum - image.minimum if picture and image else magnitude,
        largest=largest,
        relative=largest / magnitude if magnitude else 0.0,
        pixels=off.size,
        by_one=int((off == 1).sum()),
        by_more=int((off > 1).sum()),
        levels=int(off.max(initial=0)),
    )
