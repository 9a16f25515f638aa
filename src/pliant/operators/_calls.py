"""Calls that the traced program holds as one opaque node each.

A node of a program can hold tensors and plain data only. What is called is therefore recorded beside the program
while one export runs, and a number stands for it in the node.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor

DTYPES = (
    torch.float32,
    torch.float64,
    torch.float16,
    torch.int64,
    torch.int32,
    torch.uint8,
    torch.bool,
    torch.bfloat16,
    torch.int16,
    torch.int8,
)

_calls: ContextVar[list[Any]] = ContextVar("calls")


@contextmanager
def recording() -> Generator[None]:
    """Within the block, calls are remembered from tracing to translation."""
    token = _calls.set([])
    try:
        yield
    finally:
        _calls.reset(token)


def is_recording() -> bool:
    """Whether an export is under way in this thread."""
    return _calls.get(None) is not None


def record(call: Any) -> int:
    """Remember a call; the number stands for it in the traced program."""
    _calls.get().append(call)
    return len(_calls.get()) - 1


def recorded(number: int) -> Any:
    """The call that `record` answered with `number`."""
    return _calls.get()[number]


def results_like(
    tensors: Sequence[Tensor], lengths: Sequence[int], ranks: Sequence[int], dtypes: Sequence[int]
) -> list[Tensor]:
    """Uninitialised results, for tracing.

    `lengths` are their shapes one after the other, `ranks` how many belong to each, `dtypes` positions in DTYPES.
    """
    shapes: list[list[int]] = []
    rest = list(lengths)
    for rank in ranks:
        shapes.append(rest[:rank])
        rest = rest[rank:]
    device = tensors[0].device if tensors else None
    return [torch.empty(s, dtype=DTYPES[d], device=device) for s, d in zip(shapes, dtypes, strict=True)]
