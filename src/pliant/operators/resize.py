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
from torch import Tensor

from pliant.operators import _sampling as sampling
from pliant.operators._antialias import KERNELS, antialiased
from pliant.operators._axis import DOUBLE, FLOAT, UINT8, Axis, integer, ints, length_of, same
from pliant.operators._bytes import fixed_point, merged, to_byte
from pliant.operators._onnx import op
from pliant.operators._pooling import average
from pliant.operators._windows import stretches, sums, windowed
from pliant.operators.base import Operator

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
    results = [integer(s) if isinstance(s, int) else s for s in size]
    smooth = not mode.startswith("nearest")
    precision = DOUBLE if x.dtype == DOUBLE or (smooth and x.dtype == UINT8) else FLOAT
    axes: dict[int, Axis] = {}
    for k, wanted in enumerate(results):
        scale = None if scales is None else op.Gather(scales, integer(k))
        axes[2 + k] = Axis(length_of(x, 2 + k), wanted, scale, align_corners, precision)
    if not smooth:
        short = sampling.short_cuts(results)
        for k, axis in axes.items():
            x = op.Gather(x, sampling.nearest(axis, exact=mode == "nearest-exact", short=short), axis=k)
        return x
    along = _resample_bytes if x.dtype == UINT8 else _resample
    values = x if x.dtype == precision else op.Cast(x, to=precision)
    for k, axis in reversed(axes.items()):  # the last axis first, as PyTorch, whose bytes are rounded in between
        order = sampling.targets(axis)
        if k == 2 and (antialias or x.dtype == UINT8):
            order = op.Where(op.And(one_column(x, results), op.Not(same(axis))), integer(0), order)
        values = along(values, k, 2 + len(size), axis, mode, antialias, order)
    return values if x.dtype == precision else op.Cast(values, to=x.dtype)


def one_column(x: Any, results: list[Any]) -> Any:
    """Whether PyTorch gives all rows of a result the weights of its first row, a 0-d bool.

    It does where the result is one pixel wide and the kernel is the separable one (a mistake, seen in torch 2.13.0
    and 2.14.1), which resizes with antialiasing and bytes; but bytes of up to four channels have another kernel.
    """
    narrow = op.Equal(results[-1], integer(1))
    return op.And(narrow, op.Greater(length_of(x, 1), integer(4))) if x.dtype == UINT8 else narrow


def _resample(x: Any, k: int, rank: int, axis: Axis, mode: str, antialias: bool, order: Any) -> Any:
    """`x` of the axis's precision, resized along axis `k`. `order` is that of `sums`, and used with antialiasing."""
    if antialias:
        return windowed(x, k, rank, antialiased(axis, KERNELS[mode]), order)
    return sampling.resample(x, k, rank, *_taps(mode)(axis))


def _resample_bytes(x: Any, k: int, rank: int, axis: Axis, mode: str, antialias: bool, order: Any) -> Any:
    """`x` of doubles that are whole numbers in 0..255, resized along axis `k` to such numbers."""
    if antialias:
        windows = antialiased(axis, KERNELS[mode])
        pixels = stretches(windows)
        weights = windows.weigh(op.Unsqueeze(pixels, ints(1)))
        weights, unit = fixed_point(weights, op.ReduceMax(weights, keepdims=0))
        return to_byte(sums(x, k, rank, pixels, weights, order), unit)
    indices, weights = _taps(mode)(axis)
    weights, unit = fixed_point(*merged(axis, indices, weights, 4 if mode == "bicubic" else 2))
    return to_byte(sampling.resample(x, k, rank, op.Gather(indices, order), op.Gather(weights, order)), unit)


def _taps(mode: str) -> Callable[[Axis], tuple[Any, Any]]:
    return sampling.cubic if mode == "bicubic" else sampling.linear


OPERATOR = Operator(translations={torch.ops.pliant.resize.default: translate})
