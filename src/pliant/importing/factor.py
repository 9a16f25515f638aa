"""The resize of the picture itself, whose fixed scale can become a live factor.

A Resize by scales stays one, so that results at the scale of the file are those of the file. Its size is made the one
that Python computes, floor(double(length) * factor): ONNX multiplies in float32, so the scale is raised by one step of
float32 where it would give a row too few, and what it gives too much is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.importing.base import Reading, called
from pliant.importing.rules.resize import operands
from pliant.lowering.builder import Builder, array_of, attribute, replace

NO_RESIZE = "No Resize is in the graph: its scale is made by the weights."
POINTWISE = ("Add", "Cast", "Clip", "Div", "Dropout", "Identity", "Mul", "Pow", "Sub")
NUDGE = float(np.float32(1 + 2.0**-23))
DOUBLE, FLOAT, INT64 = (int(d) for d in (ir.DataType.DOUBLE, ir.DataType.FLOAT, ir.DataType.INT64))


@dataclass(frozen=True)
class Upscale:
    """Resizes of the picture that give one size.

    `scale` is what the file fixes, None if the vector of scales is the input `driver` of the file. `semantics` is
    "scale" or "size".
    """

    nodes: tuple[ir.Node, ...]
    scale: float | None
    semantics: str
    driver: ir.Value | None = None

    @property
    def mode(self) -> str:
        """How pixels are made."""
        return str(attribute(self.nodes[0], "mode", "nearest"))


def upscale(
    graph: ir.Graph, pictures: Sequence[ir.Value], sides: tuple[int, int] | None, file: Reading | None = None
) -> Upscale | str:
    """The resizes of the picture itself, or a sentence that says why none can be driven by a factor.

    `sides` are the height and the width of the picture, None if they are live. `file` is the graph read with all
    lengths as they are in the file: it knows sizes that are computed.
    """
    found = [node for node in graph if node.op_type in ("Resize", "Upsample") and not node.domain]
    of_picture = [node for node in found if is_pointwise(node.inputs[0], pictures)]
    if not of_picture:
        if not found:
            return NO_RESIZE
        names = ", ".join(map(called, found[:3]))
        work = "works" if len(found) == 1 else "work"
        return (
            f"No Resize works on the picture itself: {names} {work} on feature maps, which were learnt for one scale."
        )
    given = [_scale(node, sides, file) for node in of_picture]
    plain = [g for g in given if not isinstance(g, str)]
    if len(plain) < len(given):
        return next(g for g in given if isinstance(g, str))
    if len({(scale, semantics, id(driver)) for scale, semantics, driver in plain}) > 1:
        return f"The picture is resized in different ways by {', '.join(map(called, of_picture))}."
    scale, semantics, driver = plain[0]
    if scale is not None and (reason := _depends(graph, of_picture, scale)):
        return reason
    return Upscale(tuple(of_picture), scale, semantics, driver)


def is_pointwise(value: ir.Value | None, pictures: Sequence[ir.Value]) -> bool:
    """Whether a value is a picture, or what constants make of each of its pixels."""
    while value is not None and value not in pictures:
        node = value.producer()
        if node is None or node.op_type not in POINTWISE:
            return False
        data = [v for v in node.inputs if v is not None and v.const_value is None]
        if len(data) != 1:
            return False
        value = data[0]
    return value is not None


def _scale(
    node: ir.Node, sides: tuple[int, int] | None, file: Reading | None
) -> tuple[float | None, str, ir.Value | None] | str:
    """(scale, semantics, the input that holds the scales), or a sentence."""
    if reason := _odd(node):
        return reason
    scales, sizes = operands(node)
    driver = sizes if sizes is not None else scales
    assert driver is not None  # onnx's checker has seen it
    stored = _stored(driver, file)
    if stored is None:
        if sizes is None and driver.is_graph_input() and attribute(node, "axes") is None:
            return None, "scale", driver
        return f"The size that {called(node)} makes is computed in the graph from {driver.name!r}: it is live as it is."
    axes = [int(k) % 4 for k in attribute(node, "axes", range(4))]
    numbers = {k: float(n) for k, n in zip(axes, stored.reshape(-1), strict=False)}
    if sizes is not None:
        if sides is None:
            return f"{called(node)} makes {stored.tolist()} of pictures of any size."
        factors = [numbers.get(k, side) / side for k, side in zip((2, 3), sides, strict=True)]
        if factors[0] != int(factors[0]) or factors[0] < 2:
            made = " x ".join(f"{numbers.get(k, side):g}" for k, side in zip((2, 3), sides, strict=True))
            return f"{called(node)} makes {made} pixels, which is no whole multiple of the picture."
    else:
        factors = [numbers.get(2, 1.0), numbers.get(3, 1.0)]
        if numbers.get(0, 1) != 1 or numbers.get(1, 1) != 1:
            return f"{called(node)} resizes the batch or the channels."
    if factors[0] != factors[1]:
        return f"{called(node)} resizes height and width differently: {factors[0]:g} and {factors[1]:g} times."
    return factors[0], "scale" if sizes is None else "size", None


def _odd(node: ir.Node) -> str:
    """A sentence about a resize that is no plain one, else nothing."""
    for name in ("coordinate_transformation_mode", "keep_aspect_ratio_policy"):
        value = attribute(node, name, "")
        if value in ("tf_crop_and_resize", "not_larger", "not_smaller"):
            return f"{called(node)} resizes with {name} {value!r}, which a factor cannot drive."
    return ""


def _stored(driver: ir.Value, file: Reading | None) -> NDArray[Any] | None:
    """What scales or sizes are: constants, or computed of shapes that are fixed in the file."""
    stored = array_of(driver)
    known = file.numbers(driver) if file is not None and stored is None else None
    return np.array(known) if known and all(isinstance(n, int) for n in known) else stored


def _depends(graph: ir.Graph, resized: Sequence[ir.Node], scale: float) -> str:
    """A sentence if a number behind the resize is the scale, or one part of it; else nothing."""
    behind: set[ir.Value] = set()
    for node in graph:
        if node in resized or any(v in behind for v in node.inputs):
            behind.update(node.outputs)
        if node in resized or not any(v in behind for v in node.inputs) or node.op_type not in POINTWISE:
            continue
        for stored in map(array_of, node.inputs):
            if scale != 1 and stored is not None and stored.size == 1 and stored.dtype.kind in "iuf":
                number = float(stored.reshape(-1)[0])
                if any(abs(number - n) <= 1e-6 * n for n in (scale, 1 / scale, scale**2, scale**-2)):
                    return f"{called(node)} computes with {number:g}, which may come from the factor {scale:g}."
    return ""


def drive(graph: ir.Graph, found: Upscale, name: str) -> ir.Value:
    """Let a new input `name`, a 0-d double, drive these resizes; the result of the last one.

    The sizes are floor(length * factor), as Python computes them. A vector of scales that was an input is removed.
    """
    factor = ir.Value(name=name, type=ir.TensorType(ir.DataType.DOUBLE), shape=ir.Shape([]))
    results = [_drive(graph, node, found.semantics, factor) for node in found.nodes]
    if found.driver is not None:
        graph.inputs.remove(found.driver)
    graph.inputs.append(factor)
    return results[-1]


def _drive(graph: ir.Graph, node: ir.Node, semantics: str, factor: ir.Value) -> ir.Value:
    build = Builder(graph, node, node.name or "resize")
    x = node.inputs[0]
    sides = build("Gather", build("Shape", x), build.constant([2, 3]), axis=0)
    exact = build("Floor", build("Mul", build("Cast", sides, to=DOUBLE), factor))
    target = build("Cast", exact, to=INT64)
    kept = {n: a.value for n, a in node.attributes.items() if n != "axes"}
    if semantics == "size" or kept.get("coordinate_transformation_mode") == "align_corners":
        others = build("Gather", build("Shape", x), build.constant([0, 1]), axis=0)
        empty = [build.constant(np.zeros(0, np.float32)) for _ in range(2)]
        large = build("Resize", x, *empty, build("Concat", others, target, axis=0), **kept)
        return _replaced(node, large)
    scales = build("Concat", build.constant(np.ones(2, np.float32)), _scales(build, sides, exact, factor), axis=0)
    operands_: list[Any] = [scales] if len(node.inputs) == 2 else [node.inputs[1], scales]
    large = build(node.op_type, x, *operands_, **kept)
    cut = build("Slice", large, build.constant([0, 0]), target, build.constant([2, 3]))
    return _replaced(node, cut)


def _replaced(node: ir.Node, value: ir.Value) -> ir.Value:
    """`value` in place of the result of `node`, or what has its name where it is a result of the model."""
    replace(node, value)
    return value


def _scales(build: Builder, sides: ir.Value, exact: ir.Value, factor: ir.Value) -> ir.Value:
    """Two float32 scales that give at least `exact` rows and columns where ONNX multiplies in float32."""
    single = build("Cast", factor, to=FLOAT)
    made = build("Floor", build("Mul", build("Cast", sides, to=FLOAT), single))
    short = build("Less", build("Cast", made, to=DOUBLE), exact)
    raised = build("Mul", single, build.constant(NUDGE, np.float32))
    return build("Where", short, raised, single)
