"""Operators as users write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxscript
import torch
from onnxscript import FLOAT, opset18
from torch import Tensor

import pliant

RAMP = torch.linspace(-1, 1, 72).reshape(1, 1, 8, 9)


@pliant.operator(shape=lambda x, amount: x.shape, samples=[(torch.rand(1, 3, 8, 9), 0.5)])
def soften(x: Tensor, amount: float) -> Tensor:
    return x * amount + x.mean((2, 3), keepdim=True) * (1 - amount)


@soften.onnx
def _(op: Any, x: Any, amount: Any) -> Any:
    amount = op.CastLike(amount, x)
    mean = op.ReduceMean(x, op.Constant(value_ints=[2, 3]), keepdims=1)
    return op.Add(op.Mul(x, amount), op.Mul(mean, op.Sub(op.CastLike(op.Constant(value_float=1.0), x), amount)))


def stretched(x: Tensor, factor: float) -> tuple[Any, ...]:
    return (*x.shape[:2], int(x.shape[2] * factor), x.shape[3])


@pliant.operator(shape=stretched, samples=[(RAMP, 1.3), (RAMP, 0.5)])
def stretch(x: Tensor, factor: float) -> Tensor:
    """Rows by nearest neighbours, in NumPy, which cannot be traced."""
    rows = np.arange(int(x.shape[2] * factor)) / factor
    return torch.from_numpy(x.numpy()[:, :, rows.astype(int)])


@stretch.onnx
def _(op: Any, x: Any, factor: Any) -> Any:
    to = {"to": 11}  # double
    length = op.Cast(op.Squeeze(op.Shape(x, start=2, end=3)), **to)
    count = op.Cast(op.Mul(length, factor), to=7)
    targets = op.Range(op.Constant(value_int=0), count, op.Constant(value_int=1))
    return op.Gather(x, op.Cast(op.Div(op.Cast(targets, **to), factor), to=7), axis=2)


@pliant.operator(
    shape=lambda x, *, axis, largest: [x.shape[:axis] + x.shape[axis + 1 :]] * 2,
    samples=[(RAMP, {"axis": 2}), (RAMP, {"axis": 3, "largest": False})],
    dtype=(torch.float32, torch.int64),
)
def extreme(x: Tensor, *, axis: int, largest: bool = True) -> tuple[Tensor, Tensor]:
    found = torch.max(x, axis) if largest else torch.min(x, axis)
    return found.values, found.indices


@extreme.onnx
def _(op: Any, x: Any, *, axis: int, largest: bool) -> Any:
    reduce, find = (op.ReduceMax, op.ArgMax) if largest else (op.ReduceMin, op.ArgMin)
    return reduce(x, op.Constant(value_ints=[axis]), keepdims=0), find(x, axis=axis, keepdims=0)


@pliant.operator(
    shape=lambda pictures, sides, mask=None: (*pictures[0].shape[:2], *sides),
    samples=[([RAMP, RAMP * 2], [4, 5]), ([RAMP, RAMP * 2], [4, 5], RAMP)],
)
def corner(pictures: Sequence[Tensor], sides: list[int], mask: Tensor | None = None) -> Tensor:
    total = pictures[0] + pictures[1] if mask is None else (pictures[0] + pictures[1]) * mask
    return total[:, :, : sides[0], : sides[1]].clone()


@corner.onnx
def _(op: Any, pictures: Any, sides: Any, mask: Any) -> Any:
    total = op.Add(*pictures)
    if mask is not None:
        total = op.Mul(total, mask)
    return op.Slice(total, op.Constant(value_ints=[0, 0]), sides, op.Constant(value_ints=[2, 3]))


@onnxscript.script(default_opset=opset18)
def doubled(x: FLOAT[...]) -> FLOAT[...]:
    return opset18.Add(x, x)


@pliant.operator(shape=lambda x: x.shape, samples=[(RAMP,)])
def scripted(x: Tensor) -> Tensor:
    return x * 2 + 1


@scripted.onnx
def _(op: Any, x: Any) -> Any:
    return op.Add(doubled(x), op.Constant(value_float=1.0))
