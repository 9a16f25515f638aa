"""Half a Fourier transform, that of real numbers, as the whole one.

OpenVINO reads a DFT with `onesided` as one whose result has an axis of length 1 too many (measured: 2026.4.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, array_of, attribute
from pliant.lowering.dialect import Dialect
from pliant.lowering.lengths import Length, Lengths


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """Half a transform along a known axis; forward of real numbers, backward to a length that is given."""
    del dialect
    x, length, axis = _operands(node)
    if not attribute(node, "onesided", 0):
        return "is no half of a transform"
    if axis is not None and array_of(axis) is None:
        return "transforms an unknown axis"
    if attribute(node, "inverse", 0):
        return None if length is not None else "has no length for the result"
    real = x is not None and x.shape is not None and x.shape[-1] == 1
    return None if real else "is not known to transform real numbers"


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """Real numbers become complex ones, and only half of the result is kept; backward the other half is added."""
    x, given, operand = _operands(node)
    assert x is not None
    lengths, axis = Lengths(build), _axis(node, operand)
    length = build("Shape", x, start=axis, end=axis + 1) if given is None else _number(given, build)
    half = lengths.add(lengths.floor(length, 2), 1)
    place: dict[str, Any] = {"axis": axis} if operand is None else {}
    others = [] if operand is None else [operand]
    if attribute(node, "inverse", 0):
        whole = build("DFT", _extended(x, axis, length, half, lengths), None, *others, inverse=1, **place)
        return [_part(whole, -1, 1, lengths)]
    complex_ = build("Pad", x, build.constant([0, 1]), None, build.constant([-1]))
    return [_part(build("DFT", complex_, given, *others, **place), axis, half, lengths)]


def _extended(x: ir.Value, axis: int, length: Length, half: Length, lengths: Lengths) -> ir.Value:
    """The whole spectrum of real numbers: element k beyond the half is the conjugate of element length - k."""
    build = lengths.build
    first, last = lengths.value(lengths.sub(length, half)), build.constant([0])
    mirrored = build("Slice", x, first, last, build.constant([axis]), build.constant([-1]))
    # by parts: OpenVINO 2026.4.1 multiplies features of seven axes with a vector of two wrongly, NaN among them
    real, imaginary = build("Split", mirrored, axis=-1, num_outputs=2, outputs=2)
    conjugated = build("Concat", real, build("Neg", imaginary), axis=-1)
    return build("Concat", _part(x, axis, half, lengths), conjugated, axis=axis)


def _part(x: ir.Value, axis: int, count: Length, lengths: Lengths) -> ir.Value:
    """The first `count` elements of an axis."""
    build = lengths.build
    return build("Slice", x, build.constant([0]), lengths.value(count), build.constant([axis]))


def _operands(node: ir.Node) -> list[ir.Value | None]:
    """The numbers, the length of the transform, and from opset 20 on its axis; None for what is left out."""
    return [*node.inputs, None, None][:3]


def _axis(node: ir.Node, operand: ir.Value | None) -> int:
    known = array_of(operand)
    return int(known.item()) if known is not None else int(attribute(node, "axis", 1))


def _number(value: ir.Value, build: Builder) -> Length:
    known = array_of(value)
    return int(known.reshape(-1)[0]) if known is not None else build("Reshape", value, build.constant([1]))


RULE = Rule(("DFT",), "OpenVINO gives half a transform one axis too many", rewrite, check)
