"""A number of tensors that is known only at run time: what a live loop appends to a list.

In the traced program an empty tensor stands for the sequence; in ONNX it is a value of sequence type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from pliant.operators._onnx import op
from pliant.operators.base import Operator


@torch.library.custom_op("pliant::sequence_empty", mutates_args=())
def sequence_empty(like: Tensor) -> Tensor:
    """An empty sequence of tensors of `like`'s dtype."""
    return like.new_empty(0)


@sequence_empty.register_fake
def _(like: Tensor) -> Tensor:
    return like.new_empty(0)


@torch.library.custom_op("pliant::sequence_insert", mutates_args=())
def sequence_insert(sequence: Tensor, element: Tensor) -> Tensor:
    """`sequence` with `element` at its end."""
    del element
    return sequence.clone()


@sequence_insert.register_fake
def _(sequence: Tensor, element: Tensor) -> Tensor:
    del element
    return sequence.new_empty(0)


@torch.library.custom_op("pliant::sequence_join", mutates_args=())
def sequence_join(sequence: Tensor, lengths: Sequence[int], axis: int, stacked: bool) -> Tensor:
    """The elements one after the other along `axis`, a new one if `stacked`; `lengths` is the result's shape."""
    del axis, stacked
    return sequence.new_zeros(list(lengths))


@sequence_join.register_fake
def _(sequence: Tensor, lengths: Sequence[int], axis: int, stacked: bool) -> Tensor:
    del axis, stacked
    return sequence.new_empty(list(lengths))


@torch.library.custom_op("pliant::sequence_at", mutates_args=())
def sequence_at(sequence: Tensor, position: int, lengths: Sequence[int]) -> Tensor:
    """Element number `position`. `lengths` is its shape, -1 where it is of no known length."""
    del position
    return sequence.new_zeros([max(length, 0) for length in lengths])


@sequence_at.register_fake
def _(sequence: Tensor, position: int, lengths: Sequence[int]) -> Tensor:
    del position
    context = torch.library.get_ctx()
    unknown = (not isinstance(length, torch.SymInt) and length < 0 for length in lengths)
    return sequence.new_empty([context.new_dynamic_size() if u else n for u, n in zip(unknown, lengths, strict=True)])


def _empty(like: Any) -> Any:
    return op.SequenceEmpty(dtype=int(like.dtype))


def _insert(sequence: Any, element: Any) -> Any:
    return op.SequenceInsert(sequence, element)


def _at(sequence: Any, position: Any, lengths: Any) -> Any:
    del lengths
    return op.SequenceAt(sequence, op.Constant(value_int=position) if isinstance(position, int) else position)


def _join(sequence: Any, lengths: Any, axis: int, stacked: bool) -> Any:
    del lengths
    return op.ConcatFromSequence(sequence, axis=axis, new_axis=int(stacked))


OPERATOR = Operator(
    translations={
        torch.ops.pliant.sequence_empty.default: _empty,
        torch.ops.pliant.sequence_insert.default: _insert,
        torch.ops.pliant.sequence_at.default: _at,
        torch.ops.pliant.sequence_join.default: _join,
    }
)
