"""`torch.split` and `torch.chunk` into a fixed number of parts of a length that follows the picture's.

The exporter writes them as a sequence of tensors, which its own optimiser cannot read with symbolic lengths, nor can
many engines. Parts are slices. A number of parts that is known only at run time has no ONNX form: PyTorch refuses it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import SymInt, Tensor

from pliant.capture.base import Capture
from pliant.capture.live.choices import is_live
from pliant.capture.live.numbers import smaller


def parts(x: Tensor, size: Any, dim: int, count: int) -> tuple[Tensor, ...]:
    """`count` slices of `size` along `dim`; the last one is what is left."""
    length = x.shape[dim]
    ends = [size * (k + 1) for k in range(count - 1)]
    starts = [0, *ends]
    return tuple(
        torch.ops.aten.slice.Tensor(x, dim, start, smaller(end, length))
        for start, end in zip(starts, [*ends, length], strict=True)
    )


def split(tensor: Tensor, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None) -> Any:
    """`torch.split` by a symbolic length."""
    size: Any = split_size_or_sections if split_size is None else split_size
    if not (isinstance(size, SymInt) or (isinstance(size, int) and isinstance(tensor.shape[dim], SymInt))):
        return NotImplemented
    return parts(tensor, size, dim, len(torch.split(tensor, cast(int, size), dim)))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> Any:  # noqa: A002 - PyTorch's name
    """`torch.chunk` along an axis of live length."""
    if is_live(chunks) or not isinstance(input.shape[dim], SymInt):
        return NotImplemented
    size = (input.shape[dim] + chunks - 1) // chunks
    return parts(input, size, dim, len(torch.chunk(input, chunks, dim)))


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.split: split,
    Tensor.split: split,
    torch.chunk: chunk,
    Tensor.chunk: chunk,
}

CAPTURE = Capture(functions=FUNCTIONS)
