"""A resize of pliant as ONNX's Resize with sizes, for engines that take sizes and no scales.

With "size" semantics, and with aligned corners, that is what a Resize by sizes means. With "scale" semantics PyTorch
samples at (i + 0.5) / f - 0.5, and a Resize by sizes at (i + 0.5) * before / after - 0.5. The two are the same where
f = p / q and the length is a multiple of q: then after = before * p / q is whole. So the picture is padded to a
multiple of q by repeating its last row and column, which is what PyTorch samples outside of it too, resized, and cut
to the size that PyTorch gives. A factor that is no such fraction keeps the function of the file, which gathers the
pixels: a network for each of the two is made when it is needed.

Sources: ATen/native/UpSample.h (`area_pixel_compute_scale`); the specification of Resize in ONNX, opset 18.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, array_of, attribute
from pliant.lowering.dialect import Dialect
from pliant.lowering.margins import vary
from pliant.lowering.prologue import ALIKE

MODES = {"linear": "linear", "bilinear": "linear", "trilinear": "linear", "bicubic": "cubic"}
CUBIC = -0.75
LARGEST_Q, LARGEST_P = 100, 1000
SAME = 2.0**-24  # relative: what a float32 factor is away from the fraction that is meant


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """None if a Resize gives what the function gives, up to where positions are rounded."""
    mode = attribute(node, "mode", "")
    if mode not in MODES:
        return f"takes mode {mode!r} pixel by pixel: a rounded position would be another pixel"
    if attribute(node, "antialias", 0):
        return "weighs pixels for antialiasing as PyTorch does"
    x, size = node.inputs[0], node.inputs[2]
    if x is None or x.dtype != ir.DataType.FLOAT or size is None or size.shape is None:
        return "is of a type that PyTorch resizes in another way"
    rank = size.shape[0]
    if not isinstance(rank, int) or (mode == "bicubic" and rank != 2):
        return "has a rank that is not known"
    resize = ir.Node("", "Resize", [None, None, None, None], _attributes(node, rank), num_outputs=1)
    return dialect.objection(resize)


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """The Resize alone, or with padding and cutting, or both that and the function, by the factor."""
    size = _operand(node, 2)
    scales = node.inputs[1]
    if scales is None or attribute(node, "align_corners", 0):
        return [_resize(node, build, _operand(node, 0), size)]
    known = array_of(scales)
    if known is None:
        p, q, found = _fractions(build, scales)
        return [_either(node, build, found, *_paddings(node, build, p, q))]
    fractions = [fraction(float(f)) for f in known]
    if None in fractions:
        return [_call(node, build)]
    p, q = (build.constant([f[k] for f in fractions if f]) for k in (0, 1))
    return [_padded(node, build, *_paddings(node, build, p, q))]


def _paddings(node: ir.Node, build: Builder, p: ir.Value, q: ir.Value) -> tuple[ir.Value, ir.Value]:
    """How much is padded in front and behind, and the lengths after the resize; all int64."""
    length = build("Shape", _operand(node, 0), start=2)
    if attribute(node, "mode") != "bicubic":  # PyTorch copies along an axis whose length stays the same
        same, one = build("Equal", length, _operand(node, 2)), build.constant([1])
        p, q = build("Where", same, one, p), build("Where", same, one, q)
    blocks = build("Div", build("Sub", build("Add", length, q), build.constant([1])), q)
    behind = build("Sub", build("Mul", blocks, q), length)
    pads = build("Concat", build.constant([0] * _count(node)), behind, axis=0)
    return vary(pads, 0, LARGEST_Q - 1), vary(build("Mul", blocks, p), 1, LARGEST_P)


def fraction(factor: float) -> tuple[int, int] | None:
    """The first p / q that `factor` is, up to the rounding of a float32; None if there is none that is small enough."""
    for q in range(1, LARGEST_Q + 1):
        p = round(factor * q)
        if 0 < p <= LARGEST_P and abs(p / q - factor) <= SAME * factor:
            return p, q
    return None


def _fractions(build: Builder, scales: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    """`fraction` in a graph: p and q int64 [spatial], and whether all axes have them, a 0-d bool."""
    double = int(ir.DataType.DOUBLE)
    factors = build("Unsqueeze", build("Cast", scales, to=double), build.constant([1]))
    q = build.constant(np.arange(1, LARGEST_Q + 1, dtype=np.float64))
    p = build("Round", build("Mul", factors, q))  # [spatial, LARGEST_Q]
    error = build("Abs", build("Sub", build("Div", p, q), factors))
    near = build("LessOrEqual", error, build("Mul", factors, build.constant(SAME, "float64")))
    small = build(
        "And",
        build("Greater", p, build.constant(0, "float64")),
        build("LessOrEqual", p, build.constant(LARGEST_P, "float64")),
    )
    fits = build("Cast", build("And", near, small), to=int(ir.DataType.INT32))
    first = build("ArgMax", fits, axis=1, keepdims=1)
    numbers = build("GatherElements", build("Cast", p, to=int(ir.DataType.INT64)), first, axis=1)
    every = build("ReduceMin", build("ReduceMax", fits, build.constant([1]), keepdims=0), keepdims=0)
    flat = build.constant([-1])
    return (
        build("Reshape", numbers, flat),
        build("Add", build("Reshape", first, flat), build.constant([1])),
        build("Cast", every, to=int(ir.DataType.BOOL)),
    )


def _either(node: ir.Node, build: Builder, found: ir.Value, pads: ir.Value, padded: ir.Value) -> ir.Value:
    small = Builder(_branch(build), None, build.unused(f"{build.step}/padded"))
    small.graph.outputs.append(_padded(node, small, pads, padded))
    gathered = Builder(_branch(build), None, build.unused(f"{build.step}/gathered"))
    gathered.graph.outputs.append(_call(node, gathered))
    result = build("If", found, then_branch=small.graph, else_branch=gathered.graph)
    result.producer().metadata_props[ALIKE] = ""
    return result


def _branch(build: Builder) -> ir.Graph:
    return ir.Graph([], [], nodes=[], opset_imports=dict(build.graph.opset_imports), name=build.unused("branch"))


def _padded(node: ir.Node, build: Builder, pads: ir.Value, padded: ir.Value) -> ir.Value:
    count = _count(node)
    zeros, axes = build.constant([0] * count), build.constant(list(range(2, 2 + count)))
    larger = build("Pad", _operand(node, 0), pads, None, axes, mode="edge")
    return build("Slice", _resize(node, build, larger, padded), zeros, _operand(node, 2), axes)


def _count(node: ir.Node) -> int:
    """The number of spatial axes, which `check` has seen."""
    shape = _operand(node, 2).shape
    assert shape is not None
    count = shape[0]
    assert isinstance(count, int)
    return count


def _resize(node: ir.Node, build: Builder, x: ir.Value, sizes: ir.Value) -> ir.Value:
    attributes = {name: a.value for name, a in _attributes(node, _count(node)).items()}
    result = build("Resize", x, None, None, sizes, **attributes)
    result.type, result.shape = node.outputs[0].type, None
    return result


def _attributes(node: ir.Node, spatial: int) -> dict[str, ir.Attr]:
    corners = attribute(node, "align_corners", 0)
    given: dict[str, Any] = {
        "mode": MODES[attribute(node, "mode")],
        "coordinate_transformation_mode": "align_corners" if corners else "half_pixel",
        "axes": list(range(2, 2 + spatial)),
    }
    if given["mode"] == "cubic":
        given["cubic_coeff_a"] = CUBIC
    return {a.name: a for a in ir.convenience.convert_attributes(given)}


def _call(node: ir.Node, build: Builder) -> ir.Value:
    """The same call of the function, which no rule is for and which is written out."""
    made = ir.Value(name=build.unused(f"{build.step}/result"), type=node.outputs[0].type)
    call = ir.Node(
        node.domain,
        node.op_type,
        node.inputs,
        node.attributes.values(),
        outputs=[made],
        version=node.version,
        metadata_props=dict(node.metadata_props),
    )
    call.name = build.unused(f"{build.step}/{node.op_type}")
    if build.before is None:
        build.graph.append(call)
    else:
        build.graph.insert_before(build.before, call)
    return made


def _operand(node: ir.Node, at: int) -> ir.Value:
    value = node.inputs[at]
    assert value is not None
    return value


RULE = Rule(
    operators=("pliant::resize_*",),
    reason="an engine that takes sizes computes positions from lengths before and after, not from the factor",
    rewrite=rewrite,
    check=check,
)
