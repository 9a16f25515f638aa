"""How each operator is written for a part of the picture: one function for each kind of operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.rules.conv_narrow import halves, obstacle
from pliant.lowering.whole.field import Field, Sides, UnsuitedError, added, times, without
from pliant.lowering.whole.region import Region, lanes
from pliant.lowering.whole.taps import Upsampling
from pliant.lowering.whole.weights import Small

Array = NDArray[Any]
Layer = Callable[[Region, ir.Node, list["Field | Array | None"]], Field]

# ruff: noqa: SIM905 - thirty quoted words are longer than a screen
POINTWISE = frozenset(
    "Abs Celu Clip Elu Erf Exp Gelu HardSigmoid HardSwish Identity LeakyRelu Mish Neg Relu Selu Sigmoid Softplus "
    "Softsign Sqrt Tanh ThresholdedRelu".split(" ")
)
TOGETHER = frozenset("Add Div Max Min Mul PRelu Sub".split(" "))
WORTH = 0.95  # a convolution of the small picture has to spare some of the work: putting phases in place costs too


def pointwise(region: Region, node: ir.Node, operands: list[Field | Array | None]) -> Field:
    """One map, every element by itself."""
    f, *others = operands
    if not isinstance(f, Field) or any(isinstance(o, Field) for o in others):
        raise UnsuitedError(f"{node.op_type} has operands that follow the picture")
    f = region.plain(f) if f.enlarged else f
    constants = [None if o is None else region.build.constant(np.asarray(o)) for o in others]
    return region.each(f, lambda part: region.build(node.op_type, part, *constants, **kept(node)))


def together(region: Region, node: ir.Node, operands: list[Field | Array | None]) -> Field:
    """Two maps, or a map and constants for each channel."""
    fields = [o for o in operands if isinstance(o, Field)]
    if len({f.scale * (f.enlarged.factor if f.enlarged else 1) for f in fields}) > 1:
        raise UnsuitedError(f"{node.op_type} joins maps of different sizes")
    if len(fields) == 2:
        one, other = region.met([region.plain(f) if f.enlarged else f for f in fields])
        if 1 in (one.channels, other.channels) and (one.phased and one.channels != other.channels):
            one, other = region.plain(one), region.plain(other)
        pairs = zip(one.parts, other.parts, strict=True)
        parts = tuple(region.build(node.op_type, a, b, **kept(node)) for a, b in pairs)
        channels = max(one.channels, other.channels)
        return replace(one, parts=parts, channels=channels, clamped=one.clamped and other.clamped)
    (f,) = fields
    f = region.plain(f) if f.enlarged else f
    at = next(k for k, o in enumerate(operands) if isinstance(o, Field))
    constant = next((o for o in operands if o is not None and not isinstance(o, Field)), None)
    if constant is None:
        raise UnsuitedError(f"{node.op_type} has one operand")

    def make(part: ir.Value) -> ir.Value:
        repeats = 1 if not f.phased else region.phases**2 // len(f.parts)
        given = region.build.constant(_for_channels(np.asarray(constant), f, repeats))
        pair = (part, given) if at == 0 else (given, part)
        return region.build(node.op_type, *pair, **kept(node))

    return region.each(f, make)


def _for_channels(constant: Array, f: Field, repeats: int) -> Array:
    """A constant that is one number, or one for each channel, as [channels * repeats, 1, 1]."""
    if constant.size == 1:
        return constant.reshape(())
    shape = (1,) * (4 - constant.ndim) + constant.shape
    if len(shape) != 4 or (shape[0], shape[2], shape[3]) != (1, 1, 1) or shape[1] != f.channels:
        raise UnsuitedError("a constant that is not one number for each channel is used")
    return np.tile(constant.reshape(-1), repeats).reshape(-1, 1, 1)


def enlarge(by: Upsampling, x: Field) -> Field:
    """A map yet to be enlarged."""
    if x.phased or x.enlarged:
        raise UnsuitedError("it is enlarged twice")
    return replace(x, enlarged=by)


def convolve(region: Region, node: ir.Node, operands: list[Field | Array | None]) -> Field:
    """A convolution that keeps the size: of the small picture if it reads an enlarged one, and that is less work."""
    f, weight, bias = [*operands, None][:3]
    if not isinstance(f, Field) or not isinstance(weight, np.ndarray) or isinstance(bias, Field):
        raise UnsuitedError("a convolution has weights that are computed")
    group, pads = attribute(node, "group", 1), _pads(node, weight)
    size = f.scale * (f.enlarged.factor if f.enlarged else 1)
    region.usual += size * size * lanes(weight, group)
    if f.enlarged is not None and group == 1 and max(attribute(node, "dilations", [1])) == 1:
        made = _of_small(region, f, f.enlarged, weight, bias, pads)
        if made is not None:
            return made
    if f.phased and weight.shape[2:] == (1, 1):
        return _of_phases(region, f, weight, bias, group)
    f = region.plain(f)
    value = _narrow(region, f, weight, bias, pads) if obstacle(node) is None else None
    if value is None:
        attributes = {k: attribute(node, k) for k in ("group", "dilations") if attribute(node, k) is not None}
        value = region.conv(f.value, weight, bias, pads, f.scale, **attributes)
    return replace(f, parts=(value,), channels=weight.shape[0], **_padded(region, f, pads))


def _padded(region: Region, f: Field, pads: Sides) -> dict[str, Any]:
    """What a convolution with so many rows and columns of zeros around leaves of margins and damage."""
    missing = without(pads, region.real)
    reaches = any(pads)
    return {
        "margins": added(f.margins, missing),
        "damage": added(f.damage, missing),
        "clamped": f.clamped and not reaches,
    }


def _pads(node: ir.Node, weight: Array) -> Sides:
    """Rows and columns of zeros at the top, left, bottom and right. Raises UnsuitedError if the size changes."""
    strides, dilations = attribute(node, "strides", [1, 1]), attribute(node, "dilations", [1, 1])
    pads = tuple(attribute(node, "pads", [0, 0, 0, 0]))
    if weight.ndim != 4 or attribute(node, "auto_pad", "NOTSET") != "NOTSET" or tuple(strides) != (1, 1):
        raise UnsuitedError("a convolution has strides")
    for axis in (0, 1):
        if pads[axis] + pads[axis + 2] != dilations[axis] * (weight.shape[2 + axis] - 1):
            raise UnsuitedError("a convolution changes the size")
    return pads  # type: ignore[return-value]


def _of_small(region: Region, f: Field, by: Upsampling, weight: Array, bias: Array | None, pads: Sides) -> Field | None:
    """All phases of the convolution of an enlarged map, from the map itself; None if that spares too little."""
    k = by.factor
    if region.phases != k or f.scale != 1:
        return None
    small = Small.of(weight, pads, by)
    if small.work > WORTH * k * k * weight.size:
        return None
    region.widest = max(region.widest, k * k * weight.shape[0])
    parts = [region.conv(region.cut(f.value, cut), w, small.repeated(bias, w)) for w, cut in small.parts]
    margins = times(added(f.margins, small.reach), k)
    damage = added(region.spread(f, by.reach(), k), pads)
    return replace(
        f,
        parts=tuple(parts),
        channels=weight.shape[0],
        scale=k,
        margins=margins,
        damage=damage,
        clamped=False,
        phased=True,
        enlarged=None,
    )


def _of_phases(region: Region, f: Field, weight: Array, bias: Array | None, group: int) -> Field:
    """A convolution of single pixels, of every phase by itself."""
    repeats = region.phases**2 // len(f.parts)
    repeated = None if bias is None else np.tile(bias, repeats)

    def make(part: ir.Value) -> ir.Value:
        return region.conv(part, np.tile(weight, (repeats, 1, 1, 1)), repeated, group=group * repeats)

    return replace(region.each(f, make), channels=weight.shape[0])


def _narrow(region: Region, f: Field, weight: Array, bias: Array | None, pads: Sides) -> Any:
    """See `pliant.lowering.rules.conv_narrow`."""
    upright, shifted = halves(weight)
    between = region.conv(f.value, upright, None, (pads[0], 0, pads[2], 0), f.scale)
    return region.conv(between, shifted, bias, (0, pads[1], 0, pads[3]), f.scale)


def shuffle(region: Region, node: ir.Node, operands: list[Field | Array | None]) -> Field:
    """Channels to pixels."""
    (f,) = operands
    if not isinstance(f, Field):
        raise UnsuitedError("DepthToSpace of a constant")
    f, block = region.plain(f), attribute(node, "blocksize")
    value = region.build("DepthToSpace", f.value, **kept(node))
    return replace(
        f,
        parts=(value,),
        channels=f.channels // block**2,
        scale=f.scale * block,
        margins=times(f.margins, block),
        damage=times(f.damage, block),
        clamped=False,
    )


def concatenate(region: Region, node: ir.Node, operands: list[Field | Array | None]) -> Field:
    """Channels of several maps."""
    fields = [region.plain(o) for o in operands if isinstance(o, Field)]
    if len(fields) < len(operands) or attribute(node, "axis") not in (1, -3) or len({f.scale for f in fields}) > 1:
        raise UnsuitedError("maps are concatenated otherwise than by channel")
    fields = region.met(fields, plain=True)
    value = region.build("Concat", *(f.value for f in fields), axis=1)
    clamped = all(f.clamped for f in fields)
    return replace(fields[0], parts=(value,), channels=sum(f.channels for f in fields), clamped=clamped)


def kept(node: ir.Node) -> dict[str, Any]:
    """The attributes of a node."""
    return {name: a.value for name, a in node.attributes.items()}


LAYERS: Mapping[str, Layer] = {
    **dict.fromkeys(POINTWISE, pointwise),
    **dict.fromkeys(TOGETHER, together),
    "Conv": convolve,
    "DepthToSpace": shuffle,
    "Concat": concatenate,
}


def constant_of(value: ir.Value | None) -> Array | None:
    """The content of a constant operand; raises UnsuitedError for one that is computed."""
    if value is None:
        return None
    content = array_of(value)
    if content is None:
        raise UnsuitedError(f"{value.name!r} is computed from sizes")
    return content
