"""An ncnn network while it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.builder import array_of
from pliant.lowering.ncnn._layout import (
    MOST,
    Dims,
    Groups,
    Refused,
    Sizes,
    around,
    dims_of,
    known,
    normal,
    ones,
    position,
    separate,
)

MAGIC = 7767517
MOST_PICTURES = 64  # in one network, where each needs layers of its own
ARRAY = -23300  # an array with the id k has the key ARRAY - k in the text
AXES = (("w",), ("h", "w"), ("c", "h", "w"), ("c", "d", "h", "w"))  # of a blob by their number, outermost first
LENGTHS = {"w": 0, "h": 1, "d": 11, "c": 2}  # parameter ids of Reshape and MemoryData
Parameter: TypeAlias = int | float | Sequence[int]


@dataclass
class _Line:
    kind: str
    inputs: list[str]
    output: str
    parameters: dict[int, Parameter]


@dataclass
class Network:
    """Layers so far, and the blob and layout of every value."""

    lines: list[_Line] = field(default_factory=list[_Line])
    weights: list[bytes] = field(default_factory=list[bytes])
    held: dict[ir.Value, tuple[str, Groups]] = field(default_factory=dict[ir.Value, Any])
    _views: dict[tuple[Any, ...], str] = field(default_factory=dict[Any, str])

    def layer(
        self,
        kind: str,
        inputs: Sequence[str],
        parameters: Mapping[int, Parameter] | None = None,
        weights: Sequence[NDArray[Any]] = (),
        *,
        tagged: bool = False,
        name: str = "",
    ) -> str:
        """Add a layer with one output, whose blob is returned. The first of `tagged` weights has a mark: float32."""
        blob = name or f"b{len(self.lines)}"
        self.lines.append(_Line(kind, list(inputs), blob, dict(parameters or {})))
        for k, array in enumerate(weights):
            mark = b"\0\0\0\0" if tagged and k == 0 else b""
            self.weights.append(mark + np.ascontiguousarray(array, "<f4").tobytes())
        return blob

    def put(self, value: ir.Value | None, blob: str, groups: Groups) -> None:
        """Let `blob` hold `value`."""
        assert value is not None
        self.held[value] = (blob, groups)

    def any(self, value: ir.Value | None) -> tuple[str, Groups]:
        """The blob that holds a value, in whatever layout."""
        assert value is not None
        if value in self.held:
            return self.held[value]
        groups = separate(dims_of(value)) or (tuple(range(len(dims_of(value)))),)
        return self.view(value, groups), groups

    def view(self, value: ir.Value | None, groups: Groups) -> str:
        """A blob that holds `value` in a layout. Raises Sizes if the lengths that it needs are not known."""
        assert value is not None
        dims = dims_of(value)
        wanted = normal(groups, ones(dims))
        key = (value, wanted)
        if key not in self._views:
            self._views[key] = self._viewed(value, dims, wanted)
        return self._views[key]

    def _viewed(self, value: ir.Value, dims: Dims, wanted: Groups) -> str:
        constant = array_of(value)
        if constant is not None:
            return self.constant(constant.reshape([known_product(dims, group) or 1 for group in wanted]))
        if value not in self.held:
            raise Refused(f"reads {value.name!r}, which is no picture, weight or number that is computed beforehand")
        blob, groups = self.held[value]
        have = normal(groups, ones(dims))
        if have == wanted:
            return blob
        kept = dict(zip(AXES[len(have) - 1], have, strict=True))
        lengths: list[int | None] = []
        for axis, group in zip(AXES[len(wanted) - 1], wanted, strict=True):
            length = known_product(dims, group)
            lengths.append(0 if length is None and kept.get(axis) == group else length)
        return self.reshape(blob, lengths, f"the shape {dims} of {value.name!r}")

    def reshape(self, blob: str, lengths: Sequence[int | None], what: str) -> str:
        """A blob with other lengths, outermost first: 0 keeps that of the same axis, at most one None is the rest."""
        if sum(n is None for n in lengths) > 1:
            raise Sizes(what)
        names = AXES[len(lengths) - 1]
        return self.layer(
            "Reshape", [blob], {LENGTHS[a]: -1 if n is None else n for a, n in zip(names, lengths, strict=True)}
        )

    def constant(self, array: NDArray[Any]) -> str:
        """A blob that holds `array`, of 1 to 4 axes, as float32."""
        if array.dtype.kind in "iu" and array.size and np.abs(array).max() > 2**24:
            raise Refused("has whole numbers above 2^24, which float32 does not hold")
        if array.size == 0:
            raise Refused("has an operand with no elements")
        names = AXES[array.ndim - 1]
        lengths = {LENGTHS[a]: n for a, n in zip(names, array.shape, strict=True)}
        return self.layer("MemoryData", [], lengths, [array.astype(np.float32)])

    def isolated(self, value: ir.Value | None, *axes: int) -> tuple[str, Groups, list[int]]:
        """A blob in which each of `axes` is apart: (blob, layout, their positions in the blob)."""
        assert value is not None
        dims = dims_of(value)
        candidates = [self.any(value)[1], separate(dims)]
        if len(axes) == 1:
            candidates.append(around(len(dims), axes[0], axes[0] + 1))
        elif len(axes) < MOST - 1 and list(axes) == list(range(axes[0], axes[0] + len(axes))):
            before, _, behind = around(len(dims), axes[0], axes[-1] + 1)
            candidates.append((before, *((a,) for a in axes), behind))
        for groups in candidates:
            places = [position(groups, axis) for axis in axes] if groups else [None]
            if groups is not None and None not in places:
                return self.view(value, groups), groups, [p for p in places if p is not None]
        raise Refused(f"works on the axes {list(axes)} of {len(dims)}, more than a blob of ncnn has")

    def flat(self, value: ir.Value | None, first: int, end: int) -> tuple[str, Groups]:
        """A blob [before][first .. end - 1][behind] of a value."""
        assert value is not None
        groups = around(len(dims_of(value)), first, end)
        return self.view(value, groups), groups

    def each(self, values: Sequence[ir.Value | None], result: ir.Value, make: Callable[[list[str]], str]) -> None:
        """Layers for pictures [n, c, spatial ...]: `make` gets blobs [c][spatial ...] of `values` and gives one.

        A network holds them once for each picture. Raises Sizes if n is not known, Refused if it is large.
        """
        given = [v for v in values if v is not None]
        (count,) = known(dims_of(given[0])[:1], f"how many pictures {given[0].name!r} holds")
        if any(dims_of(v)[0] != count for v in given):
            raise Refused("has operands with different numbers of pictures")
        if count > MOST_PICTURES:
            raise Refused(f"gets {count} pictures at once, and ncnn works on one")
        apart: Groups = tuple((k,) for k in range(1, len(dims_of(result))))
        made = [make([self._picture(v, k, count) for v in given]) for k in range(count)]
        if count == 1:
            return self.put(result, made[0], apart)
        lengths = known(dims_of(result)[1:], f"the shape of {result.name!r}")
        if len(lengths) == MOST:
            apart, lengths = ((1,), (2,), (3, 4)), [*lengths[:2], lengths[2] * lengths[3]]
        joined = [self.reshape(blob, [1, *lengths], "") for blob in made]
        self.put(result, self.layer("Concat", joined, {0: 0}), ((0,), *apart))
        return None

    def _picture(self, value: ir.Value, k: int, count: int) -> str:
        dims = dims_of(value)
        apart: Groups = tuple((a,) for a in range(1, len(dims)))
        if count == 1:
            return self.view(value, apart)
        lengths = known(dims[1:], f"the shape of {value.name!r}")
        blob = self.view(value, ((0,), tuple(range(1, len(dims)))))
        return self.reshape(self.layer("Crop", [blob], {9: [k], 10: [k + 1], 11: [0]}), lengths, "")

    def text(self) -> str:
        """The content of the .param file."""
        lines = self._written()
        blobs = sum(len(outputs) for _, _, outputs, _ in lines)
        told = [f"{MAGIC}", f"{len(lines)} {blobs}"]
        for k, (kind, inputs, outputs, parameters) in enumerate(lines):
            given = " ".join(_parameter(key, value) for key, value in parameters.items())
            names = " ".join([*inputs, *outputs])
            told.append(f"{kind} l{k} {len(inputs)} {len(outputs)} {names} {given}".rstrip())
        return "\n".join(told) + "\n"

    def data(self) -> bytes:
        """The content of the .bin file."""
        return b"".join(self.weights)

    def _written(self) -> list[tuple[str, list[str], list[str], dict[int, Parameter]]]:
        """The layers with a Split behind each blob that is read more than once: ncnn gives a blob to one reader."""
        readers: dict[str, int] = {}
        for line in self.lines:
            for blob in line.inputs:
                readers[blob] = readers.get(blob, 0) + 1
        lines: list[tuple[str, list[str], list[str], dict[int, Parameter]]] = []
        taken: dict[str, int] = {}

        def one(blob: str) -> str:
            if readers.get(blob, 0) < 2:
                return blob
            taken[blob] = taken.get(blob, -1) + 1
            return f"{blob}_{taken[blob]}"

        for line in self.lines:
            lines.append((line.kind, [one(blob) for blob in line.inputs], [line.output], line.parameters))
            if (count := readers.get(line.output, 0)) > 1:
                lines.append(("Split", [line.output], [f"{line.output}_{k}" for k in range(count)], {}))
        return lines


def known_product(dims: Dims, group: Sequence[int]) -> int | None:
    """The lengths of the axes in `group` multiplied; None if one is not known."""
    total = 1
    for axis in group:
        length = dims[axis]
        if not isinstance(length, int):
            return None
        total *= length
    return total


def _parameter(key: int, value: Parameter) -> str:
    if isinstance(value, (int, float)):
        return f"{key}={_number(value)}"
    return f"{ARRAY - key}={','.join([str(len(value)), *map(_number, value)])}"


def _number(value: float) -> str:
    return f"{value:.9e}" if isinstance(value, float) else str(value)
