"""The end of a network that is linear, as one convolution: features of the small picture become pixels.

What many networks do last is linear: they resize features, weigh them by where a pixel of the result lies, add them up,
add the resized picture. For a whole factor that repeats from pixel to pixel of the small picture, so it is a
convolution of it that gives all phases. Its weights are the answers to impulses: what the end of the network makes of
features that are 0 but in one place. Continuing the features by their edge, as a resize does, makes it right at the
borders too.

The answer of a linear system to an impulse is in any book on signals: Oppenheim and Schafer, "Discrete-Time Signal
Processing", chapter 2. That the end is linear, and repeats at every size, is read from its operators.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.builder import Builder, array_of
from pliant.lowering.dialect import key_of
from pliant.lowering.prologue import extract, operands
from pliant.lowering.runtime import Prologue
from pliant.lowering.unused import remove_unused
from pliant.lowering.whole.blocks import PICTURE, RESULT
from pliant.lowering.whole.field import UnsuitedError
from pliant.lowering.whole.periodic import repeats

Array = NDArray[Any]
REACH = 5  # pixels of the small picture around a pixel that its result may depend on
SIDE = 4 * REACH  # of the small picture on which impulses are tried
MOST = 4096  # multiply-adds for each pixel of the result: with more, the way of the network is quicker
SMALL = 1e-7  # of the largest weight: what rounding leaves of 0

# ruff: noqa: SIM905 - quoted words would be longer than a screen
BY_FIRST = frozenset(
    "DepthToSpace Identity Neg ReduceMean ReduceSum Reshape Squeeze Transpose Unsqueeze".split(" ")
)  # linear in the first operand, whatever sizes the others tell
TOGETHER = frozenset({"Add", "Concat", "Sub", "Sum"})
PRODUCTS = frozenset({"Mul", "MatMul"})


@dataclass(frozen=True)
class Source:
    """A map of features, and the weights [out, k, k, in, rows, columns] by which it goes into the result."""

    value: ir.Value
    weights: Array

    @property
    def reach(self) -> int:
        """How far around a pixel the weights reach."""
        middle = self.weights.shape[4] // 2
        size = np.abs(self.weights).max(axis=(0, 1, 2, 3))
        used = np.argwhere(size > SMALL * max(size.max(), 1e-30)) - middle
        return int(np.abs(used).max()) if used.size else 0

    def within(self, reach: int) -> Array:
        """The weights so far around a pixel, [out * k * k, in, rows, columns]."""
        middle = self.weights.shape[4] // 2
        part = slice(middle - reach, middle + reach + 1)
        out, k, _, into = self.weights.shape[:4]
        return self.weights[..., part, part].reshape(out * k * k, into, 2 * reach + 1, 2 * reach + 1)


def shortened(model: ir.Model, picture: str, factor: int) -> ir.Model:
    """`model`, whose factor is fixed, with its linear end as convolutions; it is changed.

    Raises UnsuitedError where the end is not linear, looks too far, or resizes nothing.
    """
    graph = model.graph
    seen = _following(graph, picture)
    if not _ends_with_resize(graph, seen, factor):
        raise UnsuitedError("its result does not end with a resize")
    values = _sources(graph, seen, _small(model, picture), factor)
    sources, constant = _measured(model, picture, values, factor)
    build = Builder(graph, None, "end")
    work = sum(source.within(source.reach).size for source in sources)
    if work > MOST * factor * factor:
        raise UnsuitedError("its end as a convolution would be more work")
    phases: ir.Value | None = None
    for source in sources:
        made = _convolved(build, source, constant if phases is None else None)
        phases = made if phases is None else build("Add", phases, made)
    return _finished(model, picture, build("DepthToSpace", phases, blocksize=factor, mode="CRD"))


def _finished(model: ir.Model, picture: str, result: ir.Value) -> ir.Model:
    graph = model.graph
    result.name, result.type = PICTURE + RESULT, ir.TensorType(ir.DataType.FLOAT)
    graph.outputs[:] = [result]
    remove_unused(model)
    entry = next(v for v in graph.inputs if v.name == picture)
    entry.name = PICTURE
    model.metadata_props.clear()
    return model


def _convolved(build: Builder, source: Source, constant: Array | None) -> ir.Value:
    reach = source.reach
    value = source.value
    if reach:
        pads, axes = build.constant([reach] * 4), build.constant([2, 3])
        value = build("Pad", value, pads, None, axes, mode="edge")
    weights = build.constant(source.within(reach).astype(np.float32))
    bias = [] if constant is None else [build.constant(constant.astype(np.float32))]
    return build("Conv", value, weights, *bias)


def _following(graph: ir.Graph, picture: str) -> set[ir.Value]:
    """The values that follow from the picture's content."""
    found = {v for v in graph.inputs if v.name == picture}
    for node in graph:
        if node.op_type not in ("Shape", "Size") and any(v in found for v in operands(node)):
            found.update(node.outputs)
    return found


def _small(model: ir.Model, picture: str) -> dict[str, int]:
    """The channels of each value that has the sides of the picture, seen on one that is not square."""
    probe = model.clone()
    values = [v for node in probe.graph for v in node.outputs if v.dtype == ir.DataType.FLOAT and v.name]
    names = [str(v.name) for v in values]
    probe.graph.outputs[:] = values
    entry = next(v for v in probe.graph.inputs if v.name == picture)
    assert entry.shape is not None
    channels = entry.shape[1]
    if not isinstance(channels, int):
        raise UnsuitedError("its pictures have no fixed number of channels")
    found = Prologue(probe)({picture: np.zeros((1, channels, SIDE + 1, SIDE), np.float32)})
    shapes = {name: np.shape(found[name]) for name in names} | {picture: (1, channels, SIDE + 1, SIDE)}
    return {n: s[1] for n, s in shapes.items() if len(s) == 4 and s[0] == 1 and s[2:] == (SIDE + 1, SIDE)}


def _sources(graph: ir.Graph, seen: set[ir.Value], small: dict[str, int], factor: int) -> list[ir.Value]:
    """The maps of the small picture that the result is linear in. Raises UnsuitedError if it is not."""
    wanted, found = {graph.outputs[0]}, list[ir.Value]()
    for node in reversed(list(graph)):
        value = node.outputs[0]
        if value not in wanted:
            continue
        if str(value.name) in small and not _widens(node, small):
            found.append(value)
            continue
        wanted.update(_linear_in(node, seen, factor))
    return [*found, *(v for v in graph.inputs if v in wanted)]


def _ends_with_resize(graph: ir.Graph, seen: set[ir.Value], factor: int) -> bool:
    """Whether the result is linear in a map that is resized: told without running anything."""
    wanted = {graph.outputs[0]}
    for node in reversed(list(graph)):
        if node.outputs[0] not in wanted:
            continue
        if _resizes(node):
            return True
        with suppress(UnsuitedError):
            wanted.update(_linear_in(node, seen, factor))
    return False


def _resizes(node: ir.Node) -> bool:
    return key_of(node) == "Resize" or key_of(node).startswith("pliant::resize_")


def _widens(node: ir.Node, small: dict[str, int]) -> bool:
    """Whether a node of the small picture makes more channels of fewer, pixel by pixel."""
    before, after = (str(v.name) if v is not None else "" for v in (node.inputs[0], node.outputs[0]))
    return _is_of_pixels(node) and before in small and small[before] < small[after]


def _is_of_pixels(node: ir.Node) -> bool:
    weight = node.inputs[1] if key_of(node) == "Conv" else None
    content = array_of(weight)
    return content is not None and content.shape[2:] == (1, 1) and not any(node.attributes.get_ints("pads", []))


def _linear_in(node: ir.Node, seen: set[ir.Value], factor: int) -> list[ir.Value]:
    """The operands that follow from the picture, if the node is linear in them together and does at every size, and at
    every pixel of the small picture, the same with them; raises UnsuitedError else.
    """
    followed = [v for v in operands(node) if v in seen]
    key, alone = key_of(node), len(followed) == 1
    first = alone and node.inputs[0] is followed[0]
    if key in TOGETHER or (key in PRODUCTS and alone) or (key == "Div" and first):
        linear = all(v in seen or repeats(v, factor) for v in node.inputs if v is not None)
    else:
        by_first = key in BY_FIRST or _is_of_pixels(node) or (_resizes(node) and _has_fixed_scales(node))
        linear = first and by_first
    if not linear:
        raise UnsuitedError(f"{key} {node.name!r} behind the resize is not linear, or not the same at every size")
    return followed


def _has_fixed_scales(node: ir.Node) -> bool:
    """Whether constant scales alone say how large the result is."""
    given = [*node.inputs, None, None][1:4]
    scales = given[1] if key_of(node) == "Resize" else given[0]
    return array_of(scales) is not None and (key_of(node) != "Resize" or given[2] is None)


def _measured(model: ir.Model, picture: str, values: list[ir.Value], factor: int) -> tuple[list[Source], Array]:
    """The weights of each source, and what the result is where all of them are 0, [out * k * k]."""
    graph = model.graph
    entry = next(v for v in graph.inputs if v.name == picture)
    inputs = [entry, *(v for v in values if v is not entry)]
    end = Prologue(extract(model, inputs, list(graph.outputs)))
    sides = (SIDE, SIDE)
    channels = {str(v.name): _channels(v) for v in inputs}

    def answers(of: str, count: int) -> Array:
        feeds = {name: np.zeros((count, n, *sides), np.float32) for name, n in channels.items()}
        if of:
            feeds[of][np.arange(count), np.arange(count), SIDE // 2, SIDE // 2] = 1
        return next(iter(end(feeds).values()))

    nothing = answers("", 1)
    if nothing.shape[2:] != (SIDE * factor, SIDE * factor):
        raise UnsuitedError("its result is not so many times as large")
    sources = [Source(v, _weights(answers(str(v.name), channels[str(v.name)]) - nothing, factor)) for v in values]
    middle = slice(SIDE // 2 * factor, (SIDE // 2 + 1) * factor)
    return sources, nothing[0, :, middle, middle].reshape(-1)


def _channels(value: ir.Value) -> int:
    channels = value.shape[1] if value.shape is not None and len(value.shape) == 4 else None
    if not isinstance(channels, int):
        raise UnsuitedError(f"{value.name!r} has no fixed number of channels")
    return channels


def _weights(answers: Array, factor: int) -> Array:
    """[out, k, k, in, rows, columns] from answers [in, out, H, W] to an impulse in the middle."""
    count, out = answers.shape[:2]
    split = answers.reshape(count, out, SIDE, factor, SIDE, factor).transpose(1, 3, 5, 0, 2, 4)
    middle = SIDE // 2
    near = slice(middle - REACH, middle + REACH + 1)
    far = split.copy()
    far[..., near, near] = 0
    if np.abs(far).max() > SMALL * np.abs(split).max():
        raise UnsuitedError("its result looks too far")
    # the pixel that lies so far in front of the impulse has it so far behind itself
    return split[..., near, near][..., ::-1, ::-1]
