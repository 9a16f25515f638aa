"""Running a network on a part of a picture as if it ran on the whole: the geometry is that of the whole.

*Geometry* is what the prologue computes from sizes and live values: which pixels a resize reads and with which weights.
For a crop of its own it would begin anew at the crop's corner, in other phases and with other roundings. Here it is
computed for the whole picture, the part that belongs to the crop is cut out, and pixel numbers are counted from the
crop's corner. All else, like the shapes that a reshape asks for, is that of the crop.

A length of the picture and a length that follows from it (of a feature map, of a result) are related by a formula that
is in the graph. A crop that ends at row `e` and has `h` rows stands for the *last* `formula(h)` of `formula(e)` rows:
so a crop that begins or ends with the picture begins or ends every map too, whatever is rounded on the way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import onnx_ir as ir

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.errors import LoweringError
from pliant.lowering.builder import Builder, array_of
from pliant.lowering.dialect import Dialect
from pliant.lowering.lower import Undecided, decided, infer, lower, pictures, read
from pliant.lowering.prologue import Network, beforehand
from pliant.lowering.runtime import Compile, Prologue
from pliant.window import Placed, Size, Window

Values = Mapping[str, Array]
_Kept = TypeVar("_Kept")

LENGTH = "pliant.length"  # metadata of a Gather: the output that is the length of the axis it gathers from
RESULT = "pliant.result"  # the output that is the shape of the result
SHORT, LONG = 256, 512  # sides at which it is seen which axes follow which side of the picture
KEPT = 8  # geometries that are remembered: a large picture has some megabytes of them


@dataclass(frozen=True)
class _Operand:
    """What the network takes of the prologue: `follows` names the side, 0 or 1, that each axis follows, if any.

    `lengths` are the outputs with the lengths of the axes that it is an index into, if it is one.
    """

    name: str
    follows: tuple[int | None, ...]
    lengths: tuple[str, ...]


class Windowed:
    """A model from picture to picture that an engine runs crop by crop.

    Raises LoweringError if the model uses geometry in a way that cannot be cut in parts.
    """

    def __init__(self, model: bytes, contract: Contract, dialect: Dialect, compile_: Compile) -> None:
        self._contract, self._dialect, self._compile = contract, dialect, compile_
        self._held = pictures(contract)
        if len(self._held) != 1:
            raise LoweringError("The model takes several pictures.")
        (self._picture,) = self._held
        self._lock = Lock()
        self._root = self._made(read(model, dialect))

    def place(self, feeds: Values, window: Window) -> Placed:
        """Where the result of a crop goes; `feeds` are the crop [n, c, *window.size] and the live values, by name."""
        crop, values = self._parted(feeds)
        return self._network(values, crop.shape[:2], window.whole).place(values, crop.shape[:2], window)

    def run(self, feeds: Values, window: Window) -> Array:
        """The result of a crop of a picture of size `window.whole`."""
        crop, values = self._parted(feeds)
        return self._network(values, crop.shape[:2], window.whole).run(crop, values, window)

    def _parted(self, feeds: Values) -> tuple[Array, dict[str, Array]]:
        return feeds[self._picture], {name: value for name, value in feeds.items() if name != self._picture}

    def _network(self, values: Values, shape: tuple[int, ...], whole: Size) -> _Network:
        """The network for the decisions that the whole picture asks for."""
        with self._lock:
            found = self._root
            while isinstance(found, _Choice):
                found = self._chosen(found, found.question(values, (*shape, *whole)))
            return found

    def _chosen(self, choice: _Choice, answers: Values) -> _Network | _Choice:
        key = tuple((name, answer.shape, answer.tobytes()) for name, answer in sorted(answers.items()))
        return _remembered(choice.kept, key, lambda: self._made(decided(choice.undecided, answers)))

    def _made(self, model: ir.Model) -> _Network | _Choice:
        while True:
            lowered = lower(model, self._contract, self._dialect)
            if _ask_for_lengths(model, self._held):
                continue
            if isinstance(lowered, Undecided):
                return _Choice(lowered, _Sizes(lowered.question, self._picture))
            return _Network(lowered, self._picture, str(self._contract.outputs[0].name), self._compile)


@dataclass(frozen=True)
class _Choice:
    """A model that has to be decided first; `kept` holds what became of it."""

    undecided: Undecided
    question: _Sizes
    kept: OrderedDict[Any, _Network | _Choice] = field(default_factory=OrderedDict[Any, Any])


class _Network:
    """A network for one set of decisions, with the geometry that it takes."""

    def __init__(self, network: Network, picture: str, result: str, compile_: Compile) -> None:
        if network.body is None or network.prologue is None:
            raise LoweringError("The model does not compute its result from the picture.")
        self._picture, self._result = picture, result
        self._sizes = _Sizes(network.prologue, picture)
        missing = {RESULT, *chain(*_lengths(network.body).values())} - set(self._sizes.outputs)
        if missing:
            raise LoweringError("The model has lengths that depend on the content of the picture.")
        self._passed = network.passed
        self._indices = _lengths(network.body)
        self._operands: dict[Any, list[_Operand]] = {}
        self._kept: OrderedDict[Any, dict[str, Array]] = OrderedDict()
        self._run = compile_(network.body)

    def place(self, values: Values, shape: tuple[int, ...], window: Window) -> Placed:
        _, placed = self._geometry(values, shape, window)
        return placed

    def run(self, crop: Array, values: Values, window: Window) -> Array:
        feeds, _ = self._geometry(values, (crop.shape[0], crop.shape[1]), window)
        return self._run({**feeds, self._picture: crop})[self._result]

    def _at(self, values: Values, shape: tuple[int, ...], size: Size) -> dict[str, Array]:
        key = (shape, size, tuple((k, v.tobytes()) for k, v in sorted(values.items())))
        return _remembered(self._kept, key, lambda: self._sizes(values, (*shape, *size)))

    def _geometry(self, values: Values, shape: tuple[int, ...], window: Window) -> tuple[dict[str, Array], Placed]:
        whole, alone, until = (self._at(values, shape, size) for size in (window.whole, window.size, window.end))
        feeds: dict[str, Array] = {}
        lost = [0, 0]
        for operand in self._described(values, shape):
            cut = _cut_out(operand, whole, alone, until)
            if operand.lengths:
                cut = _counted_from_corner(operand, cut, alone, until, window, lost)
            feeds[operand.name] = cut
        size, end = alone[RESULT][2:], until[RESULT][2:]
        start = (int(end[0] - size[0]), int(end[1] - size[1]))
        return feeds, Placed(start, (int(size[0]), int(size[1])), (lost[0], lost[1]))

    def _described(self, values: Values, shape: tuple[int, ...]) -> list[_Operand]:
        """Which axes of each operand follow which side, seen at three sizes."""
        key = (shape, tuple((k, v.tobytes()) for k, v in sorted(values.items())))
        if key not in self._operands:
            base, tall, wide = (
                self._sizes(values, (*shape, *size)) for size in ((SHORT, SHORT), (LONG, SHORT), (SHORT, LONG))
            )
            self._operands[key] = [
                _Operand(name, _followed(name, base, tall, wide), self._indices.get(name, ())) for name in self._passed
            ]
        return self._operands[key]


class _Sizes:
    """A part of a model that looks at a picture's shape only, and takes that in place of the picture."""

    def __init__(self, model: ir.Model, picture: str) -> None:
        self._picture = picture
        self._prologue = Prologue(_by_shape(model, picture))
        self.outputs = self._prologue.outputs

    def __call__(self, values: Values, shape: tuple[int, ...]) -> dict[str, Array]:
        return self._prologue({**values, self._picture: np.array(shape, np.int64)})


def _by_shape(model: ir.Model, picture: str) -> ir.Model:
    """`model` with the shape of the input `picture`, an int64 vector of four numbers, as the input of that name."""
    model = model.clone()
    graph = model.graph
    value = next((v for v in graph.inputs if v.name == picture), None)
    if value is None:
        return model
    for node, _ in list(value.uses()):
        build = Builder(graph, node, "shape")
        if node.op_type == "Size":
            answer = build("ReduceProd", value, keepdims=0)
        else:
            start, end = (node.attributes.get_int(k, default) for k, default in (("start", 0), ("end", 4)))
            answer = build("Slice", value, build.constant([start]), build.constant([end]))
        for output in list(node.outputs):
            if output.is_graph_output():
                answer.name, output.name = output.name, f"{output.name}/asked"
                answer.shape, answer.type = output.shape, output.type
            output.replace_all_uses_with(answer, replace_graph_outputs=True)
        graph.remove(node, safe=True)
    value.shape, value.type = ir.Shape([4]), ir.TensorType(ir.DataType.INT64)
    return model


def _ask_for_lengths(model: ir.Model, held: frozenset[str]) -> bool:
    """Make outputs of the shape of the result, and of the length of each axis that computed numbers index.

    Whether there were any that had not been asked for. `model` is lowered, so that numbers are known to be computed
    even where the shape of a feature map decides them.
    """
    infer(model)
    graph = model.graph
    known = beforehand(graph, held)
    asked = len(graph.outputs)
    if all(v.name != RESULT for v in graph.outputs):
        _output(graph, Builder(graph, None, RESULT)("Shape", graph.outputs[0]), RESULT, [4])
    for node in list(graph):
        if node.op_type != "Gather" or LENGTH in node.metadata_props:
            continue
        data, indices = node.inputs[:2]
        if data is None or data in known or indices not in known or array_of(indices) is not None:
            continue
        axis = node.attributes.get_int("axis", 0)
        build = Builder(graph, node, "length")
        ends = {} if axis == -1 else {"end": axis + 1}
        name = build.unused(LENGTH)
        _output(graph, build("Shape", data, start=axis, **ends), name, [1])
        node.metadata_props[LENGTH] = name
    return len(graph.outputs) > asked


def _output(graph: ir.Graph, value: ir.Value, name: str, shape: list[int]) -> None:
    value.name, value.shape, value.type = name, ir.Shape(shape), ir.TensorType(ir.DataType.INT64)
    graph.outputs.append(value)


def _lengths(body: ir.Model) -> dict[str, tuple[str, ...]]:
    """The length outputs of the operands that are pixel numbers, by operand."""
    found: dict[str, tuple[str, ...]] = {}
    for node in body.graph:
        if LENGTH in node.metadata_props and node.inputs[1] is not None:
            name = str(node.inputs[1].name)
            found[name] = (*found.get(name, ()), node.metadata_props[LENGTH])
    return found


def _followed(name: str, base: Values, tall: Values, wide: Values) -> tuple[int | None, ...]:
    """The side that each axis of an operand follows. Raises LoweringError for an axis that follows both."""
    sides: list[int | None] = []
    for short, high, long in zip(base[name].shape, tall[name].shape, wide[name].shape, strict=True):
        grows = [after >= 1.5 * short for after in (high, long)]
        if all(grows):
            raise LoweringError(f"{name!r} numbers rows and columns together.")
        sides.append(grows.index(True) if any(grows) else None)
    return tuple(sides)


def _cut_out(operand: _Operand, whole: Values, alone: Values, until: Values) -> Array:
    """The part of an operand that belongs to a crop; what follows no side and has one shape is that of the crop."""
    everything, own, before = whole[operand.name], alone[operand.name], until[operand.name]
    if not any(side is not None for side in operand.follows):
        return own if own.shape == everything.shape else everything
    for axis, side in enumerate(operand.follows):
        if side is not None:
            stop = before.shape[axis]
            everything = everything.take(range(stop - own.shape[axis], stop), axis)
    return np.ascontiguousarray(everything)


def _counted_from_corner(
    operand: _Operand, numbers: Array, alone: Values, until: Values, window: Window, lost: list[int]
) -> Array:
    """Pixel numbers from the corner of the crop, kept inside of it; `lost` learns what that changed at inner edges."""
    maps = {(int(alone[name].item()), int(until[name].item())) for name in operand.lengths}
    if len(maps) > 1:
        raise LoweringError(f"{operand.name!r} indexes maps of different lengths.")
    ((length, end),) = maps
    shifted = numbers - (end - length)
    for axis, side in enumerate(operand.follows):
        if side is None or not shifted.size:
            continue
        others = tuple(k for k in range(shifted.ndim) if k != axis)
        if window.start[side]:
            outside = int((shifted < 0).any(axis=others).sum())
            lost[side] = max(lost[side], -(-outside * window.size[side] // shifted.shape[axis]))
        if window.end[side] < window.whole[side]:
            outside = int((shifted >= length).any(axis=others).sum())
            lost[side] = max(lost[side], -(-outside * window.size[side] // shifted.shape[axis]))
    return np.clip(shifted, 0, max(length - 1, 0)).astype(numbers.dtype)


def _remembered(kept: OrderedDict[Any, _Kept], key: Any, make: Callable[[], _Kept]) -> _Kept:
    if key in kept:
        kept.move_to_end(key)
    else:
        kept[key] = make()
        if len(kept) > KEPT:
            kept.popitem(last=False)
    return kept[key]
