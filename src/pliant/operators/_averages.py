"""Sums, means and deviations over several axes in ONNX, exact also for large pictures.

An engine adds up the elements of a reduction in float32, one after another: over all pixels of a picture of 512x512
ONNX Runtime's mean is off by 2e-4 of its value, and the variance of values that lie far from zero is lost. One axis
at a time there are a few hundred additions in a row, not hundreds of thousands. PyTorch adds in a tree for the same
reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from onnxscript import ir

from pliant.operators._axis import ints
from pliant.operators._onnx import op

NARROW = (ir.DataType.FLOAT16, ir.DataType.BFLOAT16)  # PyTorch adds these up in float32


def axes_of(x: Any, dim: Sequence[int] | None) -> list[int]:
    """The axes that `dim` names, counted from the first, ascending; all for None and for an empty list."""
    rank = len(x.shape)
    return sorted(d % rank for d in dim) if dim is not None and len(dim) and rank else list(range(rank))


def axis_by_axis(reduce: Callable[..., Any], x: Any, axes: Sequence[int], keepdim: bool) -> Any:
    """`reduce` (ReduceSum or ReduceMean) over ascending `axes`, the last first."""
    for axis in reversed(axes):
        x = reduce(x, ints(axis), keepdims=int(keepdim))
    return x


def mean(x: Any, axes: Sequence[int]) -> Any:
    """The mean over `axes`, which stay with length 1."""
    return axis_by_axis(op.ReduceMean, x, axes, True)


def centred(x: Any, average: Callable[[Any], Any]) -> tuple[Any, Any]:
    """`x` without its mean, and the mean, as `average` takes it.

    The mean is taken again of what is left: the first one is rounded to a unit in the last place of the values, and
    that may be more than they differ among themselves.
    """
    first = average(x)
    rest = op.Sub(x, first)
    second = average(rest)
    return op.Sub(rest, second), op.Add(first, second)
