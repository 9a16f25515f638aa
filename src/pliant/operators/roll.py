"""`torch.roll` by a number known only at run time. The exporter's own translation takes fixed shifts alone."""

from __future__ import annotations

from typing import Any

import torch

from pliant.operators._onnx import op
from pliant.operators.base import Label, Operator, live


def _one(value: Any) -> Any:
    """A number as an int64 vector of one element."""
    return (
        op.Constant(value_ints=[value]) if isinstance(value, int) else op.Reshape(value, op.Constant(value_ints=[-1]))
    )


def roll(x: Any, shifts: Any, dims: Any = ()) -> Any:
    """The last `shift` elements of each axis, modulo its length, come first."""
    axes = list(dims)
    flat = not axes
    original = op.Shape(x)
    if flat:
        x, axes = op.Reshape(x, op.Constant(value_ints=[-1])), [0]
    end = op.Constant(value_ints=[torch.iinfo(torch.int64).max])
    for shift, axis in zip(list(shifts), axes, strict=True):
        at = op.Constant(value_ints=[axis])
        length = op.Gather(op.Shape(x), at)
        # an empty axis has no modulus; a split at 0 leaves it empty
        split = op.Mod(op.Sub(length, _one(shift)), op.Max(length, op.Constant(value_ints=[1])))
        x = op.Concat(op.Slice(x, split, end, at), op.Slice(x, op.Constant(value_ints=[0]), split, at), axis=axis)
    return op.Reshape(x, original) if flat else x


def label(x: Any, shifts: Any, dims: Any = ()) -> Label:
    """The axes are part of the name, counted from the front."""
    del shifts
    axes = [axis % len(x.shape) for axis in dims]
    return Label("_".join(("roll", *map(str, axes))) if axes else "roll_flat", ("x", "shifts"), {"dims": axes})


OPERATOR = Operator(
    translations={torch.ops.aten.roll.default: roll},
    label=label,
    samples=(
        (torch.arange(24.0).reshape(2, 3, 4), [live(1), live(-2)], [0, 2]),
        (torch.arange(24.0).reshape(2, 3, 4), [live(-7), 5], [-1, 1]),
        (torch.arange(6).reshape(2, 3), [live(4)]),
        (torch.arange(6).reshape(2, 3), [2], [1]),
    ),
)
