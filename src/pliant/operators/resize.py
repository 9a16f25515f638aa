"""Resizing with the semantics of the PyTorch call, whatever is known only at run time.

The operator takes the symbolic result size beside the scales, so that the shapes of resized branches stay
comparable during tracing, and so that the result has the size Python computes. ONNX's own Resize node is not used:
it multiplies in float32 (10 * 1.3 gives 12 or 13), samples at positions that are off by up to 5e-5 at a few hundred
pixels, and in ONNX Runtime copies its input when the size does not change, which PyTorch does not do for a cubic
resize. What a result pixel is made of is computed in the graph.

Sources: ATen/native/UpSample.h and cpu/UpSampleKernel.cpp for what PyTorch computes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from onnxscript import ir
from torch import Tensor

from pliant.operators import _sampling as sampling
from pliant.operators._antialias import KERNELS, antialiased
from pliant.operators._axis import DOUBLE, FLOAT, UINT8, Axis, constant, integer, ints, length_of, same
from pliant.operators._bytes import fixed_point, merged, to_byte
from pliant.operators._onnx import op
from pliant.operators._pooling import average
from pliant.operators._windows import stretches, sums, windowed
from pliant.operators.base import Label, Operator, live

MODES: dict[int, tuple[str, ...]] = {
    1: ("nearest", "nearest-exact", "linear", "area"),
    2: ("nearest", "nearest-exact", "bilinear", "bicubic", "lanczos", "area"),
    3: ("nearest", "nearest-exact", "trilinear", "area"),
}


@torch.library.custom_op("pliant::resize", mutates_args=())
def resize(
    x: Tensor, scales: Tensor | None, size: list[int], mode: str, align_corners: bool, antialias: bool
) -> Tensor:
    """`F.interpolate`. `x` is [n, c, *spatial], `size` the spatial shape of the result.

    `scales`, float64 [spatial], gives "scale" semantics; None gives "size" semantics, and so does mode "area" always.
    """
    if mode == "area":
        return F.interpolate(x, size=size, mode=mode).clone()
    corners = () if mode.startswith("nearest") else (align_corners,)
    steps = [None] * len(size) if scales is None else scales.tolist()
    function = getattr(torch.ops.aten, aten_name(mode, len(size), antialias)).default
    return function(x, size, *corners, *steps).contiguous()


def aten_name(mode: str, rank: int, antialias: bool) -> str:
    """The name of PyTorch's operator (input, size, [align_corners], scales) that a resize comes down to."""
    if mode == "nearest-exact":
        return f"_upsample_nearest_exact{rank}d"
    return f"_upsample_{mode}{rank}d_aa" if antialias else f"upsample_{mode}{rank}d"


@resize.register_fake
def _(x: Tensor, scales: Tensor | None, size: list[int], mode: str, align_corners: bool, antialias: bool) -> Tensor:
    del scales, mode, align_corners, antialias
    return x.new_empty((x.shape[0], x.shape[1], *size))


def translate(x: Any, scales: Any, size: list[Any], mode: str, align_corners: bool, antialias: bool) -> Any:
    """The operator in ONNX."""
    if mode == "area":
        return average(x, {2 + k: wanted for k, wanted in enumerate(size)}, 2 + len(size))
    smooth = not mode.startswith("nearest")
    precision = DOUBLE if x.dtype == DOUBLE or (smooth and x.dtype == UINT8) else FLOAT
    axes: list[Axis] = []
    for k, wanted in enumerate(integer(s) if isinstance(s, int) else s for s in size):
        scale = None if scales is None else op.Gather(scales, integer(k))
        axes.append(Axis(length_of(x, 2 + k), wanted, scale, align_corners, precision))
    return _smooth(x, axes, mode, antialias) if smooth else _nearest(x, axes, exact=mode == "nearest-exact")


def _nearest(x: Any, axes: list[Axis], *, exact: bool) -> Any:
    short = sampling.short_cuts([axis.result for axis in axes])
    for k, axis in enumerate(axes):
        x = op.Gather(x, sampling.nearest(axis, exact=exact, short=short), axis=2 + k)
    return x


def _smooth(x: Any, axes: list[Axis], mode: str, antialias: bool) -> Any:
    precision, rank = axes[0].precision, 2 + len(axes)
    values = x if x.dtype == precision else op.Cast(x, to=precision)
    for k, axis in reversed(list(enumerate(axes, 2))):  # the last axis first: bytes are rounded in between
        order = sampling.targets(axis)
        if k == 2 and (antialias or x.dtype == UINT8):
            order = op.Where(op.And(_one_column(x, axes), op.Not(same(axis))), integer(0), order)
        if x.dtype == UINT8:
            values = _resample_bytes(values, k, rank, axis, mode, antialias, order)
        elif antialias:
            values = windowed(values, k, rank, antialiased(axis, KERNELS[mode]), order)
        else:
            indices, weights = _taps(mode)(axis)
            values = sampling.resample(values, k, rank, indices, _stored(weights, x.dtype, mode, axes))
    return values if x.dtype == precision else op.Cast(values, to=x.dtype)


def _taps(mode: str) -> Callable[[Axis], tuple[Any, Any]]:
    return sampling.cubic if mode == "bicubic" else sampling.linear


def _one_column(x: Any, axes: list[Axis]) -> Any:
    """Whether PyTorch gives all rows of a result the weights of its first row, a 0-d bool.

    It does where the result is one pixel wide and the kernel is the separable one (a mistake, seen in torch 2.13.0
    and 2.14.1), which resizes with antialiasing and bytes; but bytes of up to four channels have another kernel.
    """
    narrow = op.Equal(axes[-1].result, integer(1))
    return op.And(narrow, op.Greater(length_of(x, 1), integer(4))) if x.dtype == UINT8 else narrow


def _stored(weights: Any, dtype: ir.DataType, mode: str, axes: list[Axis]) -> Any:
    """Weights as PyTorch keeps them: in the type of half precision data, except in its kernel for small pictures."""
    if dtype not in (ir.DataType.FLOAT16, ir.DataType.BFLOAT16):
        return weights
    if mode != "bicubic":  # the first of the two weights is made from the second one, as it is kept
        distance = _kept(op.Slice(weights, ints(1), ints(2), ints(1)), dtype)
        kept = op.Concat(_kept(op.Sub(constant(1.0, FLOAT), distance), dtype), distance, axis=1)
    else:
        kept = _kept(weights, dtype)
    small = sampling.short_cuts([axis.result for axis in axes]) if mode == "bilinear" else None
    return kept if small is None else op.Where(small, weights, kept)


def _kept(values: Any, dtype: ir.DataType) -> Any:
    """float32 values rounded to `dtype`."""
    return op.Cast(op.Cast(values, to=dtype), to=FLOAT)


def _resample_bytes(x: Any, k: int, rank: int, axis: Axis, mode: str, antialias: bool, order: Any) -> Any:
    """`x` of doubles that are whole numbers in 0..255, resized along axis `k` to such numbers.

    `order` says which row of weights each result pixel has.
    """
    if antialias:
        windows = antialiased(axis, KERNELS[mode])
        pixels = stretches(windows)
        weights = windows.weigh(op.Unsqueeze(pixels, ints(1)))
        weights, unit = fixed_point(weights, op.ReduceMax(weights, keepdims=0))
        return to_byte(sums(x, k, rank, pixels, weights, order), unit)
    indices, weights = _taps(mode)(axis)
    weights, unit = fixed_point(*merged(axis, indices, weights, 4 if mode == "bicubic" else 2))
    return to_byte(sampling.resample(x, k, rank, op.Gather(indices, order), op.Gather(weights, order)), unit)


def label(x: Any, scales: Any, size: list[Any], mode: str, align_corners: bool, antialias: bool) -> Label:
    """The name and the meaning of a resize in the file; nearest neighbours have a different body per rank."""
    semantics = "size" if scales is None else "scale"
    options = [f"{len(size)}d"] if mode.startswith("nearest") or mode == "area" else []
    options += [word for word, given in (("corners", align_corners), ("antialias", antialias)) if given]
    options += [] if x.dtype == FLOAT else [x.dtype.name.lower()]
    name = "_".join(("resize", mode.replace("-", "_"), *options, semantics))
    attributes = {"mode": mode, "semantics": semantics, "align_corners": align_corners, "antialias": antialias}
    return Label(name, ("x", "scales", "size"), {k: int(v) if v in (True, False) else v for k, v in attributes.items()})


PICTURE = torch.arange(70.0).reshape(1, 2, 5, 7).sin()
SCALES = torch.tensor([1.3, 2.0], dtype=torch.float64)
OPERATOR = Operator(
    translations={torch.ops.pliant.resize.default: translate},
    label=label,
    samples=(
        (PICTURE, SCALES, [live(6), live(14)], "bicubic", False, False),
        (PICTURE, SCALES, [live(6), live(14)], "nearest-exact", False, False),
        (PICTURE, None, [live(3), 9], "bilinear", False, False),
        (PICTURE, None, [live(3), 9], "bicubic", True, False),
        (PICTURE, None, [live(3), 9], "nearest", False, False),
        (PICTURE, SCALES / 3, [live(2), live(4)], "bicubic", False, True),
        (PICTURE, None, [live(3), 9], "area", False, False),
        (PICTURE[0], SCALES[1:], [live(14)], "linear", False, False),
        (PICTURE[None], None, [1, live(4), live(5)], "trilinear", False, False),
    ),
)
