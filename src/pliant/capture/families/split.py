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
from pliant.capture.live.symbols import by_value
from pliant.capture.paths import asked_at
from pliant.capture.repeated import Repeated


def parts(x: Tensor, size: Any, dim: int, count: int) -> tuple[Tensor, ...]:
    """`count` slices of `size` along `dim`; the last one is what is left."""
    length = x.shape[dim]
    ends = [size * (k + 1) for k in range(count - 1)]
    starts = [0, *ends]
    return tuple(
        torch.ops.aten.slice.Tensor(x, dim, start, smaller(end, length))
        for start, end in zip(starts, [*ends, length], strict=True)
    )


def along(x: Tensor, dim: int, index: Any) -> tuple[Any, ...]:
    """The index that takes `index` along one axis."""
    return (*[slice(None)] * (dim % x.dim()), index)


def pieces(x: Tensor, size: Any, dim: int, count: Callable[[], int] | None = None) -> Any:
    """Pieces of `size`: a live number of them, unless it is the same for all sizes or the model decides on it.

    `count` gives the number in the example.
    """
    length = x.shape[dim]
    number = (length + size - 1) // size
    if count is not None and not by_value(number):
        return parts(x, size, dim, count())

    def item(k: Any) -> Tensor:
        return x[along(x, dim, slice(k * size, smaller((k + 1) * size, length)))]

    fixed = None if count is None else lambda: parts(x, size, dim, count())
    return Repeated(number, item, fixed, asked_at())


def split(tensor: Tensor, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None) -> Any:
    """`torch.split` by a symbolic length."""
    size: Any = split_size_or_sections if split_size is None else split_size
    if not (isinstance(size, SymInt) or (isinstance(size, int) and isinstance(tensor.shape[dim], SymInt))):
        return NotImplemented
    return pieces(tensor, size, dim, lambda: len(torch.split(tensor, cast(int, size), dim)))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> Any:  # noqa: A002 - PyTorch's name
    """`torch.chunk` along an axis of live length."""
    if not is_live(chunks) and not isinstance(input.shape[dim], SymInt):
        return NotImplemented
    size = (input.shape[dim] + chunks - 1) // chunks
    if is_live(chunks):
        return pieces(input, size, dim)
    return parts(input, size, dim, len(torch.chunk(input, chunks, dim)))


def unbind(input: Tensor, dim: int = 0) -> Any:  # noqa: A002 - PyTorch's name
    """`torch.unbind` of an axis of live length."""
    if not isinstance(input.shape[dim], SymInt):
        return NotImplemented

    def item(k: Any) -> Tensor:
        return input[along(input, dim, k)]

    return Repeated(input.shape[dim], item, lambda: torch.unbind(input, dim), asked_at())


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.split: split,
    Tensor.split: split,
    torch.chunk: chunk,
    Tensor.chunk: chunk,
    torch.unbind: unbind,
    Tensor.unbind: unbind,
}

CAPTURE = Capture(functions=FUNCTIONS)
