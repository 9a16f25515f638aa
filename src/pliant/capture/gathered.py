"""What a list holds after a live loop has appended to it: a number of tensors that nobody knows yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from pliant.capture.live.choices import same
from pliant.operators.sequence import sequence_at, sequence_join


@dataclass(frozen=True, eq=False)
class Gathered:
    """`count` tensors in the sequence `sequence`, as one element of a list.

    `lengths` is the shape of each; None where it differs among them. `totals` are the sums of all their lengths.
    """

    sequence: Tensor
    count: Any
    lengths: tuple[Any, ...]
    totals: tuple[Any, ...]

    def element(self, position: Any) -> Tensor:
        """Tensor number `position`; lengths that differ among the tensors are live numbers of their own."""
        lengths = [-1 if length is None else length for length in self.lengths]
        return sequence_at(self.sequence, position, lengths)

    def joined(self, axis: int, *, stacked: bool) -> Tensor:
        """The tensors as one, along `axis` or stacked along a new one."""
        rank = len(self.lengths) + stacked
        axis %= rank
        if stacked:
            shape = [*self.lengths[:axis], self.count, *self.lengths[axis:]]
        else:
            shape = [*self.lengths[:axis], self.totals[axis], *self.lengths[axis + 1 :]]
        if any(length is None for length in shape):
            raise ValueError("tensors of different shapes, from the iterations of a loop, have no ONNX form as one")
        return sequence_join(self.sequence, shape, axis, stacked)


def length(values: Sequence[Any]) -> Any:
    """`len` of a list that may hold gathered tensors."""
    total: Any = 0
    for value in values:
        total = total + (value.count if isinstance(value, Gathered) else 1)
    return total


def holds_gathered(values: Any) -> bool:
    """Whether a list holds gathered tensors."""
    return isinstance(values, (list, tuple)) and any(isinstance(v, Gathered) for v in values)


def agreed(shapes: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """The lengths that all shapes, of one rank, have in common; None where they differ."""
    return tuple(axis[0] if all(same(axis[0], other) for other in axis) else None for axis in zip(*shapes, strict=True))
