"""How far a result is from the exact one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Image
from pliant.verifier.compare import compare

Array = NDArray[Any]
PEAK = 255.0


@dataclass(frozen=True)
class Deviation:
    """Of a result from that of the file in float32.

    `relative` is the largest difference as a share of the range of the values, as verification counts it. The others
    are in grey levels, 255 for the range of a picture, and after clipping to it: the `largest` and the `mean`
    difference, the share of values `beyond` one level, and the `psnr` in dB, None for equal results. `wrong` says what
    no number can, in a few words: another shape, or infinite values.
    """

    relative: float
    largest: float
    mean: float
    beyond: float
    psnr: float | None
    wrong: str = ""

    def text(self) -> str:
        """For people."""
        psnr = "" if self.psnr is None else f", PSNR {self.psnr:.1f} dB"
        return (
            f"at most {self.largest:.2g} grey levels, {self.mean:.2g} on average, {self.beyond:.2%} of the values "
            f"beyond one{psnr}"
        )


def deviation(got: Sequence[Array], expected: Sequence[Array], image: Image | None) -> Deviation:
    """Of the outputs of a run from those that are right; the worst output counts."""
    if len(got) != len(expected):
        return _wrong(f"gives {len(got)} outputs, not {len(expected)}")
    found = [_single(g, e, image) for g, e in zip(got, expected, strict=True)]
    return worst(found)


def worst(found: Sequence[Deviation]) -> Deviation:
    """The largest of each figure."""
    psnrs = [d.psnr for d in found if d.psnr is not None]
    return Deviation(
        relative=max(d.relative for d in found),
        largest=max(d.largest for d in found),
        mean=max(d.mean for d in found),
        beyond=max(d.beyond for d in found),
        psnr=min(psnrs) if psnrs else None,
        wrong=next((d.wrong for d in found if d.wrong), ""),
    )


def _single(got: Array, expected: Array, image: Image | None) -> Deviation:
    compared = compare(got, expected, tolerance=inf, than="the file in f32")
    if not compared.agrees:
        return _wrong(compared.reason)
    if not expected.size:
        return Deviation(0, 0, 0, 0, None)
    low, high = (image.minimum, image.maximum) if image else (float(expected.min()), float(expected.max()))
    span = high - low or 1.0
    a, b = (np.clip(values.astype(np.float64), low, high) for values in (got, expected))
    error = np.abs(a - b) * (PEAK / span)
    square = float(np.square(error).mean())
    return Deviation(
        relative=compared.relative,
        largest=float(error.max()),
        mean=float(error.mean()),
        beyond=float((error > 1).mean()),
        psnr=10 * log10(PEAK**2 / square) if square else None,
    )


def _wrong(reason: str) -> Deviation:
    return Deviation(1, PEAK, PEAK, 1, 0, reason)
