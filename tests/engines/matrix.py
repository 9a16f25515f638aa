"""What an engine makes of a small model: exact, declared with its figure, or refused with its reason. Never wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from pliant.contract import Contract
from pliant.engines.base import Engine, Options
from pliant.errors import InputError

EXACT = 1e-5  # of the range: rounding in another order
DECLARED = 1e-4  # what DESIGN calls the same numbers


@dataclass(frozen=True)
class Cell:
    """`verdict` is "exact", "declared", "refused" or "wrong"; `error` is a fraction of the range, `note` a sentence."""

    verdict: str
    error: float = 0.0
    note: str = ""

    def __str__(self) -> str:
        return {"declared": f"declared {self.error:.0e}", "refused": f"refused: {self.note}"}.get(
            self.verdict, self.verdict
        )


def judge(
    engine: Engine, model: bytes, contract: Contract, runs: Iterable[tuple[Mapping[str, Any], list[Any]]]
) -> Cell:
    """The verdict on all runs: named arrays, and what eager PyTorch gives for them."""
    worst = 0.0
    try:
        with closing(engine.open(model, contract, Options())) as backend:
            for feeds, expected in runs:
                for result, wanted in zip(backend.run(feeds), expected, strict=True):
                    if result.shape != wanted.shape or result.dtype != wanted.dtype:
                        told = f"{result.dtype} {result.shape} instead of {wanted.dtype} {wanted.shape}"
                        return Cell("wrong", float("inf"), told)
                    worst = max(worst, difference(result, wanted))
    except InputError as error:
        return Cell("refused", note=str(error).split("; add")[0])
    if worst <= EXACT:
        return Cell("exact", worst)
    return Cell("declared" if worst <= DECLARED else "wrong", worst, f"differs by {worst:.1e} of the range")


def difference(got: Any, expected: Any) -> float:
    """The largest difference as a fraction of the largest expected magnitude, which counts as at least 1."""
    if not expected.size:
        return 0.0
    a, b = got.astype(np.float64), expected.astype(np.float64)
    finite = np.isfinite(b)
    if not np.array_equal(finite, np.isfinite(a)) or not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return float("inf")
    return float(np.abs(a[finite] - b[finite]).max(initial=0) / max(1.0, np.abs(b[finite]).max(initial=0)))
