"""Resizing with the semantics of the PyTorch call, whatever is known only at run time.

The operator takes the symbolic result size beside the scales, so that the shapes of resized branches stay
comparable during tracing, and so that the result has the size Python computes. ONNX's own Resize node multiplies
in float32 (10 * 1.3 gives 12 or 13), samples at positions that are off by up to 5e-5 at a few hundred pixels, and
in ONNX Runtime copies its input when the size does not change, which PyTorch does not do for a cubic resize.
The taps are therefore gathered at positions computed in the graph; only antialiasing uses the Resize node.

Sources: ATen/native/UpSample.h and cpu/UpSampleKernel.cpp for what PyTorch computes; the Resize operator of
the ONNX standard. PyTorch's cubic coefficient is -0.75, and -0.5 with antialiasing.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.operators import _sampling as sampling
from pliant.operators._onnx import op
from pliant.operators.base import Label, Operator, live

MODES: dict[int, tuple[str, ...]] = {
    1: ("nearest", "nearest-exact", "linear"),
    2: ("nearest", "nearest-exact", "bilinear", "bicubic"),
    3: ("nearest", "nearest-exact", "trilinear"),
}
NEXT = 1 + 2**-23  # from a float32 to the next one above


@torch.library.custom_op("pliant::resize", mutates_args=())
def resize(
    x: Tensor, scales: Tensor | None, size: list[int], mode: str, align_corners: bool, antialias: bool
) -> Tensor:
    """`F.interpolate`. `x` is [n, c, *spatial].

    `scales`, float64 [spatial], gives "scale" semantics; None gives "size" semantics. `size` is the spatial
    shape of the result and must be floor(spatial * scales) if there are scales.
    """
    corners = align_corners or None  # PyTorch refuses an explicit False where the option has no meaning
    if scales is not None:
        return F.interpolate(
            x, scale_factor=scales.tolist(), mode=mode, align_corners=corners, antialias=antialias
        ).contiguous()
    return F.interpolate(x, size=size, mode=mode, align_corners=corners, antialias=antialias).contiguous()


@resize.register_fake
def _(x: Tensor, scales: Tensor | None, size: list[int], mode: str, align_corners: bool, antialias: bool) -> Tensor:
    del scales, mode, align_corners, antialias
    return x.new_empty((x.shape[0], x.shape[1], *size))


def translate(x: Any, scales: Any, size: list[Any], mode: str, align_corners: bool, antialias: bool) -> Any:
    """The operator in ONNX."""
    if antialias:
        if align_corners:
            raise ValueError("a resize with both antialias and align_corners has no ONNX form; leave one out")
        return antialiased(x, scales, size, mode)
    results = [sampling.integer(s) if isinstance(s, int) else s for s in size]
    short = sampling.short_cuts(results)
    for axis, wanted in enumerate(results):
        length = op.Squeeze(op.Shape(x, start=2 + axis, end=3 + axis))
        if scales is None or align_corners:
            step = sampling.step_of_size(length, wanted, corners=align_corners)
        else:
            step = sampling.step_of_scale(op.Gather(scales, sampling.integer(axis)))
        if mode.startswith("nearest"):
            taps = sampling.nearest(length, wanted, step, exact=mode == "nearest-exact", short=short)
        elif mode == "bicubic":
            taps = sampling.cubic(length, wanted, step, corners=align_corners)
        else:
            taps = sampling.linear(length, wanted, step, corners=align_corners)
        x = sampling.resample(x, 2 + axis, 2 + len(size), *taps)
    return x


def antialiased(x: Any, scales: Any, size: list[Any], mode: str) -> Any:
    """Antialiased linear or cubic resize. Only ONNX's Resize node has it, in float32 positions of its own."""
    one = op.Constant(value_ints=[1])
    wanted = op.Concat(
        *(op.Constant(value_ints=[s]) if isinstance(s, int) else op.Reshape(s, one) for s in size), axis=0
    )
    attributes: dict[str, Any] = {"coordinate_transformation_mode": "half_pixel", "antialias": 1, "exclude_outside": 1}
    attributes |= {"mode": "cubic", "cubic_coeff_a": -0.5} if mode == "bicubic" else {"mode": "linear"}
    if scales is None:
        return op.Resize(x, None, None, op.Concat(op.Shape(x, end=2), wanted, axis=0), **attributes)
    factors = op.Concat(op.Constant(value_floats=[1.0, 1.0]), covering(x, scales, wanted), axis=0)
    axes = op.Constant(value_ints=list(range(2, 2 + len(size))))
    resized = op.Resize(x, None, factors, None, **attributes)
    return op.Slice(resized, op.Constant(value_ints=[0] * len(size)), wanted, axes)


def covering(x: Any, scales: Any, wanted: Any) -> Any:
    """`scales` in float32, one step up wherever float32 would give a result smaller than `wanted`.

    14 * (15 / 14) is 15 in double and less in float32. A result that is larger is cut by the caller.
    """
    factors = op.Cast(scales, to=sampling.FLOAT)
    product = op.Floor(op.Mul(op.Cast(op.Shape(x, start=2), to=sampling.FLOAT), factors))
    short = op.Less(product, op.Cast(wanted, to=sampling.FLOAT))
    return op.Where(short, op.Mul(factors, op.Constant(value_float=NEXT)), factors)


def label(x: Any, scales: Any, size: list[Any], mode: str, align_corners: bool, antialias: bool) -> Label:
    """The name and the meaning of a resize in the file; nearest neighbours have a different body per rank."""
    del x
    semantics = "size" if scales is None else "scale"
    options = [f"{len(size)}d"] if mode.startswith("nearest") or mode == "area" else []
    options += [word for word, given in (("corners", align_corners), ("antialias", antialias)) if given]
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
        (PICTURE[0], SCALES[1:], [live(14)], "linear", False, False),
        (PICTURE[None], None, [1, live(4), live(5)], "trilinear", False, False),
    ),
)
