"""Padding by amounts known only at run time, in every mode of `F.pad`; negative amounts crop.

PyTorch traces constant padding by a live amount, but not the other modes, which compare the amount with the length.
ONNX's Pad node takes no negative amounts in them. Here the index of the source is computed for each result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.operators._numbers import INT64, constant, exact
from pliant.operators._onnx import op
from pliant.operators.base import Operator, live

MODES = ("reflect", "replicate", "circular")


@torch.library.custom_op("pliant::pad", mutates_args=())
def pad(x: Tensor, before: Sequence[int], after: Sequence[int], mode: str) -> Tensor:
    """`F.pad` in a mode other than "constant".

    `before` and `after` belong to the last axes of `x`, in the order of the axes.
    """
    pads = [n for pair in zip(reversed(before), reversed(after), strict=True) for n in pair]
    return F.pad(x, pads, mode).contiguous().clone()


@pad.register_fake
def _(x: Tensor, before: Sequence[int], after: Sequence[int], mode: str) -> Tensor:
    del mode
    kept = x.dim() - len(before)
    lengths = [x.shape[kept + k] + a + b for k, (a, b) in enumerate(zip(before, after, strict=True))]
    return x.new_empty((*x.shape[:kept], *lengths))


def source(position: Any, length: Any, mode: str) -> Any:
    """The index that is read at `position`, which may lie on either side of [0, length)."""
    last = op.Sub(length, constant(1, INT64))
    if mode == "reflect":  # within one length of the picture, as PyTorch asks
        position = op.Sub(last, op.Abs(op.Sub(last, op.Abs(position))))
    return op.Max(op.Min(position, last), constant(0, INT64))


def circular(position: Any, length: Any, before: Any, after: Any) -> Any:
    """As `source`; what is cropped on one side is not repeated on the other."""
    zero = constant(0, INT64)
    first, cropped = op.Max(op.Neg(before), zero), op.Max(op.Neg(after), zero)
    kept = op.Max(op.Sub(length, op.Add(first, cropped)), constant(1, INT64))
    return op.Add(first, op.Mod(op.Sub(position, first), kept))


def translate(x: Any, before: Sequence[Any], after: Sequence[Any], mode: str) -> Any:
    """The operator in ONNX."""
    unpadded = len(x.shape) - len(before)
    for k, (first, second) in enumerate(zip(before, after, strict=True)):
        if isinstance(first, int) and isinstance(second, int) and first == second == 0:
            continue
        axis = unpadded + k
        length = op.Squeeze(op.Shape(x, start=axis, end=axis + 1))
        start, more = exact(first)[0], exact(second)[0]
        position = op.Range(op.Neg(start), op.Add(length, more), constant(1, INT64))
        repeated = mode == "circular"
        indices = circular(position, length, start, more) if repeated else source(position, length, mode)
        x = op.Gather(x, indices, axis=axis)
    return x


PICTURE = torch.arange(70.0).reshape(1, 2, 5, 7).sin()
OPERATOR = Operator(
    translations={torch.ops.pliant.pad.default: translate},
    samples=tuple((PICTURE, [live(2), 0], [live(3), live(-1)], mode) for mode in MODES),
)
