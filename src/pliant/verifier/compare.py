"""Two arrays, or the results of two runs, compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-4  # of the range of the expected values
SMALLEST_RANGE = 1e-2  # below it, rounding inside the network is all there is to compare


@dataclass(frozen=True)
class Difference:
    """How far `got` is from `expected`.

    `reason` is empty if they agree, else a short phrase. `relative` is the largest difference as a fraction of the
    largest expected magnitude, NaN where shapes differ.
    """

    relative: float
    reason: str = ""

    @property
    def agrees(self) -> bool:
        """Whether shapes are equal and values within the tolerance."""
        return not self.reason


def compare(
    got: NDArray[np.generic], expected: NDArray[np.generic], tolerance: float = TOLERANCE, than: str = "PyTorch"
) -> Difference:
    """Compare shapes and values; NaN equals NaN, and infinities must match. `than` is who expects."""
    if got.shape != expected.shape:
        return Difference(float("nan"), f"gives shape {list(got.shape)}, and {than} {list(expected.shape)}")
    if not expected.size:
        return Difference(0.0)
    a, b = got.astype(np.float64), expected.astype(np.float64)
    finite = np.isfinite(b)
    if not np.array_equal(finite, np.isfinite(a)) or not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return Difference(float("inf"), f"gives NaN or infinity in other places than {than}")
    if not finite.any():
        return Difference(0.0)
    worst = float(np.abs(a[finite] - b[finite]).max())
    relative = worst / max(float(np.abs(b[finite]).max()), SMALLEST_RANGE)
    if relative > tolerance:
        return Difference(relative, f"differs from {than} by {worst:.2g} ({relative:.1e} of the range)")
    return Difference(relative)


def compare_all(
    got: Sequence[NDArray[np.generic]],
    expected: Sequence[NDArray[np.generic]],
    tolerance: float = TOLERANCE,
    than: str = "PyTorch",
) -> Difference:
    """Compare the outputs of two runs in order; the worst one is what is reported."""
    if len(got) != len(expected):
        return Difference(float("nan"), f"gives {len(got)} outputs, and {than} {len(expected)}")
    differences = [compare(g, e, tolerance, than) for g, e in zip(got, expected, strict=True)]
    return max(differences, key=_badness, default=Difference(0.0))


def _badness(difference: Difference) -> tuple[bool, float]:
    """Order from equal to worst: shapes that differ are worse than any number."""
    relative = difference.relative
    return not difference.agrees, float("inf") if relative != relative else relative
