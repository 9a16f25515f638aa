"""The sizes that a Resize makes, and the scales it has."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import onnx_ir as ir

from pliant.importing import symbols
from pliant.importing.arithmetic import Arithmetic
from pliant.importing.base import Alternative, Reading, Rule, called, constant, live
from pliant.importing.symbols import Inconsistent, Length, Shape
from pliant.lowering.builder import array_of, attribute

LARGEST = 4  # denominator of a scale that constant sizes may stand for


def alternatives(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> list[Alternative] | None:
    """By scales: one way. By sizes: those of an earlier feature map, or a scale that is a simple fraction.

    Sizes that are the same whole multiple on all live axes are taken for that multiple, with a note; sizes that are
    smaller, or no multiple, may as well be meant as they are.
    """
    del arithmetic
    data = reading.shape(node.inputs[0])
    if attribute(node, "keep_aspect_ratio_policy", "stretch") != "stretch":
        raise Inconsistent("it keeps the aspect ratio of its sizes")
    axes = [int(k) % len(data) for k in attribute(node, "axes", range(len(data)))]
    scales, sizes = operands(node)
    if sizes is not None:
        return _by_sizes(node, reading, data, axes)
    factors = array_of(scales)
    if factors is None or factors.size != len(axes):
        raise Inconsistent("its scales are computed")
    shape = list(data)
    for k, factor in zip(axes, factors.reshape(-1), strict=True):
        shape[k] = symbols.scaled(data[k], float(factor))
    return [Alternative([shape])]


def operands(node: ir.Node) -> tuple[ir.Value | None, ir.Value | None]:
    """The scales and the sizes of a Resize of any opset, or an Upsample."""
    given = [*node.inputs, None, None, None]
    if node.op_type == "Upsample" or (len(node.inputs) == 2):
        return given[1], None
    return (None, given[3]) if given[3] is not None else (given[2], None)


def _by_sizes(node: ir.Node, reading: Reading, data: Shape, axes: list[int]) -> list[Alternative]:
    stored = constant(node, 3)
    given = reading.numbers(node.inputs[3])
    if given is None:
        raise Inconsistent("its sizes are computed from the content of the picture")
    wanted = [reading.value(n) for n in given]
    multiple = _multiple(reading, data, axes, wanted)
    ways = [
        [g] if live(g) else _ways(reading, data[k], k, n, multiple) for k, n, g in zip(axes, wanted, given, strict=True)
    ]
    if reading.literal:
        if not reading.axes.declared and any(live(data[k]) and not live(g) for k, g in zip(axes, given, strict=True)):
            raise Inconsistent(f"its sizes {wanted} are constants")
        ways = [[g] for g in given]
    written = f"{called(node)} makes {' x '.join(map(str, wanted[-2:]))} pixels"
    assumed = multiple and stored is not None
    note = f"{written}, which is taken for {multiple} times its input." if assumed else ""
    found = [list(chosen) for chosen in product(*ways)]
    return [
        Alternative([_with(data, axes, f)], {3: f} if f != given else {}, note if any(map(live, f)) else "")
        for f in found
    ]


def _with(data: Shape, axes: list[int], lengths: list[Length]) -> Shape:
    shape = list(data)
    for k, n in zip(axes, lengths, strict=True):
        shape[k] = n
    return shape


def _multiple(reading: Reading, data: Shape, axes: list[int], wanted: list[int]) -> int:
    """The whole number, above 1, by which all spatial axes grow, or 0."""
    pairs = [(n, reading.value(data[k])) for k, n in zip(axes, wanted, strict=True) if k > 1]
    ratios = {n // before if before and n % before == 0 else 0 for n, before in pairs}
    ratio = ratios.pop() if len(ratios) == 1 else 0
    return ratio if ratio > 1 else 0


def _ways(reading: Reading, length: Length, axis: int, wanted: int, multiple: int) -> list[Length]:
    if not live(length):
        return [wanted]
    if axis < 2:
        if reading.value(length) != wanted:
            raise Inconsistent("it resizes the batch or the channels")
        return [length]
    ways: list[Length] = list(reading.lengths(axis, wanted))
    part = Fraction(wanted, reading.value(length))
    if part.denominator <= LARGEST:
        ways.append(symbols.floor(symbols.times(length, part.numerator), part.denominator))
    if not multiple:
        ways.append(wanted)
    return list(dict.fromkeys(ways))


RULE = Rule(("Resize", "Upsample"), alternatives)
