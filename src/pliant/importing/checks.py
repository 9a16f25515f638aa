"""What has to fit in a node besides the shapes that the shape rules compute. Raises Inconsistent where it does not.

Source: the operator specifications of ONNX.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import onnx_ir as ir

from pliant.importing.base import Reading, constant, live
from pliant.importing.symbols import Inconsistent, Length, Shape, times
from pliant.lowering.builder import array_of, attribute

_Check: TypeAlias = Callable[[ir.Node, Reading], None]
SUSPICIOUS = 3  # length of a pooling window up to which it is no matter of the picture's size


def check(node: ir.Node, reading: Reading) -> None:
    """Raise Inconsistent if `node` cannot work at every size."""
    for each in _CHECKS.get(node.op_type, ()):
        each(node, reading)


def _same(a: Length, b: Length, what: str, reading: Reading) -> None:
    if a != b:
        raise Inconsistent(f"{what}: {reading.axes.text(a)} and {reading.axes.text(b)}")


def _channels(node: ir.Node, reading: Reading) -> None:
    x, weight = reading.shape(node.inputs[0]), reading.shape(node.inputs[1])
    group = int(attribute(node, "group", 1)) if node.op_type == "Conv" else 1
    expected = weight[1] if node.op_type == "Conv" else weight[0]
    _same(x[1], expected * group if isinstance(expected, int) else expected, "its channels do not fit", reading)


def _per_channel(node: ir.Node, reading: Reading) -> None:
    x, scale = reading.shape(node.inputs[0]), reading.shape(node.inputs[1])
    if scale[0] != 1 or node.op_type != "GroupNormalization":
        _same(x[1], scale[0], "its channels do not fit", reading)


def _contracted(node: ir.Node, reading: Reading) -> None:
    x, y = reading.shape(node.inputs[0]), reading.shape(node.inputs[1])
    if node.op_type == "Gemm":
        a, b = x[0 if attribute(node, "transA", 0) else 1], y[1 if attribute(node, "transB", 0) else 0]
    else:
        a, b = x[-1], y[-2] if len(y) > 1 else y[0]
    _same(a, b, "its matrices do not fit", reading)


def _joined(node: ir.Node, reading: Reading) -> None:
    shapes = [reading.shape(v) for v in node.inputs]
    axis = int(attribute(node, "axis")) % len(shapes[0])
    for shape in shapes[1:]:
        for k, (a, b) in enumerate(zip(shapes[0], shape, strict=True)):
            if k != axis:
                _same(a, b, "what it joins does not fit", reading)


def _normalised(node: ir.Node, reading: Reading) -> None:
    """The axes that a LayerNormalization takes together have weights of their own."""
    x, scale = reading.shape(node.inputs[0]), reading.shape(node.inputs[1])
    axis = int(attribute(node, "axis", -1)) % len(x)
    for a, b in zip(x[axis:][::-1], scale[::-1], strict=False):
        if b != 1:
            _same(a, b, "its weights do not fit", reading)


def _split(node: ir.Node, reading: Reading) -> None:
    x = reading.shape(node.inputs[0])
    length = x[int(attribute(node, "axis", 0)) % len(x)]
    given = constant(node, 1) or attribute(node, "split")
    if live(length):
        raise Inconsistent(f"it cuts a live length of {reading.axes.text(length)} into {given or len(node.outputs)}")


def _picked(node: ir.Node, reading: Reading) -> None:
    """A fixed position of a live axis: the first ones are meant as they are, others may come from the size."""
    x, at = reading.shape(node.inputs[0]), array_of(node.inputs[1])
    if at is None or node.inputs[0] in reading.known:
        return
    length = x[int(attribute(node, "axis", 0)) % len(x)]
    if live(length) and at.size and (at.size > 1 or int(at.reshape(-1)[0]) > 0):
        raise Inconsistent(f"it takes {at.size} fixed positions out of a live length of {reading.axes.text(length)}")


def _scattered(node: ir.Node, reading: Reading) -> None:
    """Fixed positions in a tensor whose size is live."""
    if array_of(node.inputs[1]) is not None and any(map(live, reading.shape(node.inputs[0]))):
        raise Inconsistent("its positions are constants, and what it is applied to has a live size")


def _sampled(node: ir.Node, reading: Reading) -> None:
    """A grid of positions belongs to each picture of the batch."""
    x, grid = reading.shape(node.inputs[0]), reading.shape(node.inputs[1])
    _same(x[0], grid[0], "its batches do not fit", reading)


def _window(node: ir.Node, reading: Reading) -> None:
    """A pooling window that covers the picture, or cuts it into a few parts, was computed from its size."""
    x = reading.shape(node.inputs[0])
    kernel = [int(k) for k in attribute(node, "kernel_shape", ())]
    strides = [int(k) for k in attribute(node, "strides", [1] * len(kernel))]
    for length, window, step in zip(x[2:], kernel, strides, strict=False):
        whole = reading.value(length)
        parts = step == window and whole % window == 0 and window >= whole // window
        if live(length) and window > SUSPICIOUS and (window >= whole or parts):
            raise Inconsistent(f"its window of {window} was made for a length of {whole}")


def _pixels(node: ir.Node, reading: Reading) -> None:
    channels: Shape = reading.shape(node.inputs[0])[1:2]
    block = int(attribute(node, "blocksize"))
    if not isinstance(channels[0], int) or channels[0] % block**2:
        raise Inconsistent(f"its {reading.axes.text(channels[0])} channels do not make blocks of {block}")


def _padded(node: ir.Node, reading: Reading) -> None:
    """What is added behind a length alone, to a multiple of a power of two, was computed from that length."""
    x, pads = reading.shape(node.inputs[0]), constant(node, 1) or [int(n) for n in attribute(node, "pads", [])]
    axes = [k % len(x) for k in (constant(node, 3) or range(len(x)))]
    for k, axis in enumerate(axes):
        before, behind = pads[k], pads[k + len(axes)]
        whole = reading.value(x[axis])
        powers = [m for m in (2, 4, 8, 16, 32, 64, 128) if m > before + behind == -whole % m]
        if live(x[axis]) and before != behind and before + behind > 0 and powers:
            raise Inconsistent(
                f"it adds {before + behind} to a length of {whole}, as padding to a multiple of {powers[-1]}"
            )


def _reshaped(node: ir.Node, reading: Reading) -> None:
    """A computed shape holds as many elements as there are; one with -1 or 0 in it is checked by its rule."""
    data, target = reading.shape(node.inputs[0]), reading.numbers(node.inputs[1])
    known = target is not None and all(map(live, target))  # others are looked at by the rule
    if target is not None and known:
        _same(_count(data), _count(target), "the number of elements changes", reading)


def _count(shape: Shape) -> Length:
    total: Length = 1
    for length in shape:
        total = times(total, length)
    return total


_CHECKS: dict[str, tuple[_Check, ...]] = {
    "Conv": (_channels,),
    "ConvTranspose": (_channels,),
    "BatchNormalization": (_per_channel,),
    "InstanceNormalization": (_per_channel,),
    "GroupNormalization": (_per_channel,),
    "LayerNormalization": (_normalised,),
    "MatMul": (_contracted,),
    "Gemm": (_contracted,),
    "Reshape": (_reshaped,),
    "Concat": (_joined,),
    "Pad": (_padded,),
    "Split": (_split,),
    "Gather": (_picked,),
    "GridSample": (_sampled,),
    "DepthToSpace": (_pixels,),
    **dict.fromkeys(("ScatterND", "ScatterElements", "GatherND", "GatherElements"), (_scattered,)),
    **dict.fromkeys(("AveragePool", "MaxPool", "LpPool"), (_window,)),
}
