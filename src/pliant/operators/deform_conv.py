"""`torchvision.ops.deform_conv2d`: a convolution that looks where an offset, itself computed, says.

ONNX has DeformConv from opset 19, which hardly an engine runs. The body samples the picture once for every tap of the
kernel with GridSample, whose padding with zeros weighs the corners as torchvision does, and sums with a convolution of
size 1. Sampling positions pass through [-1, 1] in float32: they are right within side * 1e-7 pixels.

Source: torchvision/csrc/ops/cpu/deform_conv2d_kernel.cpp (`deformable_im2col_kernel`, `bilinear_interpolate`).
"""

from __future__ import annotations

from typing import Any

import torch
from onnxscript import ir

from pliant.operators._onnx import op
from pliant.operators.base import Label, Operator

FLOAT, INT64 = ir.DataType.FLOAT, ir.DataType.INT64


def _ints(*values: int) -> Any:
    return op.Constant(value_ints=list(values))


def _sides(x: Any, axis: int) -> Any:
    """The length of an axis, int64 [1]."""
    return op.Shape(x, start=axis, end=axis + 1)


def _steps(count: Any, stride: int, pad: int) -> Any:
    """Where the kernel begins for each of `count` [1] results along an axis, in pixels: float32 [count]."""
    places = op.Range(op.Constant(value_int=0), op.Squeeze(count), op.Constant(value_int=1))
    return op.Cast(op.Sub(op.Mul(places, _ints(stride)), _ints(pad)), to=FLOAT)


def _normalised(position: Any, length: Any, like: Any) -> Any:
    """Pixel positions as GridSample takes them where corners are not aligned: (2 p + 1) / length - 1."""
    one, two = (op.CastLike(op.Constant(value_float=v), like) for v in (1.0, 2.0))
    return op.Sub(op.Div(op.Add(op.Mul(position, two), one), op.CastLike(length, like)), one)


def _axis(x: Any, offset: Any, which: int, kernel: Any, stride: int, pad: int, dilation: int) -> Any:
    """GridSample coordinates of all taps along the rows (`which` 0) or columns (1): [n, taps, oh, ow].

    `offset` is [n, taps, 2, oh, ow].
    """
    taps = [(k // kernel[1] if which == 0 else k % kernel[1]) * dilation for k in range(kernel[0] * kernel[1])]
    moved = op.Gather(offset, op.Constant(value_int=which), axis=2)
    start = _steps(_sides(offset, 3 + which), stride, pad)
    start = op.Unsqueeze(start, _ints(1)) if which == 0 else start
    shifts = op.Reshape(op.Constant(value_floats=[float(t) for t in taps]), _ints(-1, 1, 1))
    position = op.Add(op.CastLike(op.Add(start, shifts), x), moved)
    return _normalised(position, _sides(x, 2 + which), x)


def deform_conv2d(
    input: Any,  # noqa: A002 - torchvision's name
    weight: Any,
    offset: Any,
    mask: Any,
    bias: Any,
    stride_h: int,
    stride_w: int,
    pad_h: int,
    pad_w: int,
    dilation_h: int,
    dilation_w: int,
    groups: int,
    offset_groups: int,
    use_mask: bool,
) -> Any:
    """Result [n, out, oh, ow] of input [n, c, h, w] and weight [out, c / groups, kh, kw].

    Further: offset [n, og * kh * kw * 2, oh, ow], rows before columns, mask [n, og * kh * kw, oh, ow] and bias [out].
    """
    out, inner, *kernel = (_fixed(length, "the shape of the weight") for length in weight.shape)
    numbers = (stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w)
    sh, sw, ph, pw, dh, dw = (_fixed(number, "a stride, padding or dilation") for number in numbers)
    taps, channels = kernel[0] * kernel[1], inner * groups
    result = op.Concat(_sides(offset, 2), _sides(offset, 3), axis=0)
    offset = op.Reshape(offset, op.Concat(_ints(-1, taps, 2), result, axis=0))
    columns = _axis(input, offset, 1, kernel, sw, pw, dw)
    rows = _axis(input, offset, 0, kernel, sh, ph, dh)
    grid = op.Concat(op.Unsqueeze(columns, _ints(4)), op.Unsqueeze(rows, _ints(4)), axis=4)
    stacked = op.Concat(op.Mul(_sides(offset, 3), _ints(taps)), _sides(offset, 4), axis=0)
    grid = op.Reshape(grid, op.Concat(_ints(-1), stacked, _ints(2), axis=0))
    sides = op.Concat(_sides(input, 2), _sides(input, 3), axis=0)
    grouped = op.Reshape(input, op.Concat(_ints(-1, channels // offset_groups), sides, axis=0))
    sampled = op.GridSample(grouped, grid, mode="bilinear", padding_mode="zeros", align_corners=0)
    if use_mask:
        sampled = op.Mul(sampled, op.Reshape(mask, op.Concat(_ints(-1, 1), stacked, axis=0)))
    taken = op.Reshape(sampled, op.Concat(_ints(-1, channels * taps), result, axis=0))
    flat = op.Reshape(weight, _ints(out, inner * taps, 1, 1))
    return op.Conv(taken, flat, bias, group=groups, kernel_shape=[1, 1])


def _fixed(number: Any, what: str) -> int:
    if not isinstance(number, int):
        raise ValueError(f"{what} of deform_conv2d is live, which has no ONNX form; fix it")
    return number


def label(
    input: Any,  # noqa: A002
    weight: Any,
    offset: Any,
    mask: Any,
    bias: Any,
    stride_h: int,
    stride_w: int,
    pad_h: int,
    pad_w: int,
    dilation_h: int,
    dilation_w: int,
    groups: int,
    offset_groups: int,
    use_mask: bool,
) -> Label:
    """The attributes of ONNX's DeformConv."""
    del input, weight, offset, mask, bias
    attributes = {
        "strides": [stride_h, stride_w],
        "pads": [pad_h, pad_w, pad_h, pad_w],
        "dilations": [dilation_h, dilation_w],
        "group": groups,
        "offset_group": offset_groups,
        "use_mask": int(use_mask),
    }
    inputs = ("input", "weight", "offset", *(["mask"] if use_mask else []), "bias")
    return Label("deform_conv2d", inputs, attributes)


def _sample(shape: tuple[int, ...], out: int, kernel: tuple[int, int], *numbers: int, mask: bool) -> tuple[Any, ...]:
    """Arguments with offsets that reach over the edges."""
    make = torch.Generator().manual_seed(0)
    sh, sw, ph, pw, dh, dw, groups, offset_groups = numbers
    n, c, h, w = shape
    oh = (h + 2 * ph - dh * (kernel[0] - 1) - 1) // sh + 1
    ow = (w + 2 * pw - dw * (kernel[1] - 1) - 1) // sw + 1
    taps = kernel[0] * kernel[1]
    return (
        torch.rand(shape, generator=make),
        torch.rand((out, c // groups, *kernel), generator=make) - 0.5,
        torch.randn((n, offset_groups * taps * 2, oh, ow), generator=make) * 3,
        torch.rand((n, offset_groups * taps, oh, ow), generator=make) if mask else torch.zeros(n, 1),
        torch.rand(out, generator=make),
        *numbers,
        mask,
    )


OPERATOR = Operator(
    translations={"torchvision::deform_conv2d": deform_conv2d},
    label=label,
    samples=(
        _sample((1, 3, 7, 6), 4, (3, 3), 1, 1, 1, 1, 1, 1, 1, 1, mask=True),
        _sample((2, 4, 8, 9), 6, (3, 2), 2, 1, 1, 2, 1, 2, 2, 2, mask=False),
        _sample((2, 4, 1, 5), 2, (1, 3), 1, 1, 0, 1, 1, 1, 1, 4, mask=True),
    ),
)
