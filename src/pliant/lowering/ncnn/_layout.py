"""Which axes of an ONNX value an ncnn blob has.

A layout is a tuple of groups, one for each axis of the blob, outermost first; a group is a run of neighbouring axes of
the value, in order, that the blob has merged. An axis that is in no group has length 1, and an empty group is an axis
of length 1 that only the blob has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

import onnx_ir as ir

from pliant.lowering.builder import array_of

MOST = 4  # axes of a blob
Groups: TypeAlias = tuple[tuple[int, ...], ...]
Dims: TypeAlias = list[int | str | None]
"""Lengths of axes: a number, the name of a live one, or None where nothing is known."""


class Refused(Exception):  # noqa: N818 - becomes a LoweringError that names the node
    """ncnn cannot compute this exactly; the text is a phrase that says why."""


class Sizes(Exception):  # noqa: N818 - no error where the network can be made for one size
    """A node can be written for known sizes only; the text says what has to be known."""


def is_empty(value: ir.Value) -> bool:
    """Whether a value is known to have no elements."""
    return value.shape is not None and any(d == 0 for d in value.shape)


def dims_of(value: ir.Value) -> Dims:
    """The lengths of the axes of a value. Raises Sizes if not even their number is known."""
    array = array_of(value)
    if array is not None:
        return list(array.shape)
    if value.shape is None:
        raise Sizes(f"the number of axes of {value.name!r}")
    if is_empty(value):
        raise Refused(f"has to do with {value.name!r}, which has no elements, and ncnn has no empty blobs")
    return [d if isinstance(d, int) else d.value for d in value.shape]


def known(dims: Sequence[int | str | None], what: str) -> list[int]:
    """All lengths as numbers. Raises Sizes."""
    found = [d for d in dims if isinstance(d, int)]
    if len(found) < len(dims):
        raise Sizes(what)
    return found


def ones(dims: Dims) -> set[int]:
    """The axes that are known to have length 1."""
    return {k for k, d in enumerate(dims) if d == 1}


def normal(groups: Groups, single: Collection[int]) -> Groups:
    """A layout without the axes of length 1: two are the same blob if these are equal."""
    return tuple(tuple(a for a in group if a not in single) for group in groups)


def separate(dims: Dims) -> Groups | None:
    """The layout with all axes apart; those of length 1 go, the first first, if there are too many; else None."""
    axes = list(range(len(dims)))
    if len(axes) > 1 and dims[0] == 1:
        axes.remove(0)
    for axis in sorted(ones(dims) & set(axes)):
        if len(axes) > MOST:
            axes.remove(axis)
    if not axes:
        return ((),)
    return tuple((a,) for a in axes) if len(axes) <= MOST else None


def around(rank: int, first: int, end: int) -> Groups:
    """The layout [before][first .. end - 1][behind]."""
    return tuple(range(first)), tuple(range(first, end)), tuple(range(end, rank))


def position(groups: Groups, axis: int) -> int | None:
    """Which axis of the blob is `axis` of the value, and nothing else."""
    return groups.index((axis,)) if (axis,) in groups else None
