"""What one reading of a graph knows, and what a rule for a kind of constant is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import onnx_ir as ir

from pliant.importing.arithmetic import Arithmetic
from pliant.importing.symbols import Inconsistent, Length, Shape, symbols, text, value
from pliant.lowering.builder import array_of

SMALL = 64  # elements up to which a vector of whole numbers is followed
Key: TypeAlias = tuple[ir.Node, int]
"""A node, and which of its operands."""


@dataclass(frozen=True)
class Axes:
    """The axes of the picture that are live, by name, with the lengths they have in the file.

    `multiples` says of what number the height and the width are counted in multiples. `declared` says that the file
    itself has height and width live, so that its constants are meant as they are.
    """

    sizes: Mapping[str, int]
    multiples: Mapping[str, int]
    declared: bool = False

    def text(self, length: Length) -> str:
        """A length as a formula of heights and widths."""
        return text(length, self.multiples)


@dataclass
class Reading:
    """One way to understand a graph: shapes, known whole numbers, and the formulas chosen for constants.

    `notes` are sentences about what was taken for what.
    """

    axes: Axes
    shapes: dict[ir.Value, Shape] = field(default_factory=dict[ir.Value, Shape])
    known: dict[ir.Value, list[Length]] = field(default_factory=dict[ir.Value, list[Length]])
    formulas: dict[Key, list[Length]] = field(default_factory=dict[Key, list[Length]])
    notes: list[str] = field(default_factory=list[str])
    least: int = 1
    literal: bool = False

    def copy(self) -> Reading:
        """The same, to be continued in another way."""
        return Reading(
            self.axes,
            dict(self.shapes),
            dict(self.known),
            dict(self.formulas),
            list(self.notes),
            self.least,
            self.literal,
        )

    def arithmetic(self) -> Arithmetic:
        """Arithmetic that looks up vectors here; `kept` takes over what it had to assume."""
        most = max((v for k, v in self.axes.sizes.items() if k != "n"), default=1)
        return Arithmetic(self.numbers, most, self.least, self.axes.text)

    def shape(self, of: ir.Value | None) -> Shape:
        """The shape of a value. Raises Inconsistent if it is not known."""
        if of is None:
            raise Inconsistent("an operand is missing")
        found = self.shapes.get(of)
        if found is None and of.shape is not None and of.producer() is None:
            lengths = [n for n in of.shape if isinstance(n, int)]
            found = list[Length](lengths) if len(lengths) == len(of.shape) else None
        if found is None:
            raise Inconsistent(f"the shape of {of.name!r} is not known")
        return found

    def numbers(self, of: ir.Value | None) -> list[Length] | None:
        """The elements of a small tensor of whole numbers, or None."""
        if of is None:
            return None
        if of in self.known:
            return self.known[of]
        stored = array_of(of)
        if stored is None or stored.size > SMALL or stored.dtype.kind not in "iufb":
            return None
        flat = [float(v) for v in stored.reshape(-1)]
        return [int(v) for v in flat] if all(v == int(v) for v in flat if abs(v) < 2**62) and _finite(flat) else None

    def value(self, length: Length) -> int:
        """The number that a length is in the file."""
        return value(length, self.axes.sizes)

    def lengths(self, axis: int, of: int) -> list[Length]:
        """The different lengths that axis `axis` of feature maps has so far and that are `of` in the file."""
        found = (s[axis] for s in self.shapes.values() if len(s) == 4 and live(s[axis]))
        return list(dict.fromkeys(n for n in found if self.value(n) == of))


def _finite(numbers: Sequence[float]) -> bool:
    return all(abs(n) < float("inf") for n in numbers)


def live(length: Length) -> bool:
    """Whether a length depends on the size of the picture."""
    return bool(symbols(length))


def constant(node: ir.Node, at: int) -> list[int] | None:
    """The whole numbers that the constant operand `at` holds; None if it is left out or computed."""
    operand = node.inputs[at] if len(node.inputs) > at else None
    found = array_of(operand)
    return None if found is None else [int(n) for n in found.reshape(-1)]


def called(node: ir.Node) -> str:
    """What sentences call a node."""
    name = node.name or next((str(v.name) for v in node.outputs if v.name), "")
    return f"{node.op_type} {name!r}" if name else node.op_type


@dataclass(frozen=True)
class Alternative:
    """One way to understand a node.

    `shapes` are those of its results; `formulas` are the lengths that operands of it, by position, have to become, for
    those that have to change. `note` is a sentence about what was taken for what.
    """

    shapes: Sequence[Shape]
    formulas: Mapping[int, list[Length]] = field(default_factory=dict[int, Any])
    note: str = ""


Alternatives: TypeAlias = Callable[[ir.Node, Reading, Arithmetic], "list[Alternative] | None"]


@dataclass(frozen=True)
class Rule:
    """How constants of one kind can be understood.

    `alternatives` gives all ways that fit what is known so far, or None if the node holds no such constant. It raises
    Inconsistent if none fits. With `Reading.literal` it gives only those that leave the constant as it is.
    """

    operators: tuple[str, ...]
    alternatives: Alternatives
