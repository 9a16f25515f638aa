"""Tensors made from numbers that are known only at run time: `torch.tensor([h * f, w])` and its like.

The constructor copies numbers into memory, which needs them. Here each becomes a 0-d tensor, in double or int64, and
is then converted as PyTorch converts: a Python float becomes one of the default dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import SymBool, SymFloat, SymInt, Tensor

from pliant.capture.base import Capture
from pliant.capture.live.arrays import of_objects
from pliant.capture.live.choices import is_live
from pliant.capture.live.symbols import any_live, scalar


def leaves(data: Any) -> Iterable[Any]:
    """The numbers and tensors in nested lists."""
    if isinstance(data, (list, tuple)):
        for item in data:
            yield from leaves(item)
    else:
        yield data


def natural_dtype(data: Any) -> torch.dtype:
    """The dtype that PyTorch infers from numbers."""
    found = list(leaves(data))
    if any(v.is_floating_point() if isinstance(v, Tensor) else isinstance(v, (float, SymFloat)) for v in found):
        return torch.get_default_dtype()
    whole = any(isinstance(v, SymInt) or (isinstance(v, (int, Tensor)) and not isinstance(v, bool)) for v in found)
    return torch.int64 if whole else torch.bool


def built(data: Any, dtype: torch.dtype) -> Tensor:
    """Nested lists of numbers as a tensor."""
    if isinstance(data, (list, tuple)):
        return torch.stack([built(item, dtype) for item in data]) if data else torch.empty(0, dtype=dtype)
    if isinstance(data, Tensor):
        return data.to(dtype)
    if isinstance(data, SymBool):
        return scalar(data, torch.int64).to(dtype)
    return scalar(data, dtype)


def tensor(data: Any, dtype: torch.dtype | None = None, device: Any = None, **options: Any) -> Any:
    """`torch.tensor` and `torch.as_tensor`."""
    del options
    if of_objects(data):
        return from_array(data, dtype)
    if not (any_live(data) if isinstance(data, (list, tuple)) else is_live(data)):
        return NotImplemented
    made = built(data, dtype or natural_dtype(data))
    return made if device is None else made.to(device)


def from_array(array: Any, dtype: torch.dtype | None = None) -> Any:
    """`torch.from_numpy`: NumPy's floats are double unless declared otherwise."""
    if not of_objects(array):
        return NotImplemented
    declared = getattr(array, "declared", None)
    if dtype is None and declared is not None:
        dtype = torch.from_numpy(np.empty(0, declared)).dtype
    natural = natural_dtype(array.tolist())
    return built(array.tolist(), dtype or (torch.float64 if natural.is_floating_point else natural))


def new_tensor(self: Tensor, data: Any, dtype: torch.dtype | None = None, **options: Any) -> Any:
    """`x.new_tensor`, of the dtype of `x`."""
    return tensor(data, dtype or self.dtype, **options)


def instead(original: Callable[..., Any], replacement: Callable[..., Any]) -> Callable[..., Any]:
    """`replacement` where the model's source calls `original`, unless it declines."""

    def call(*args: Any, **named: Any) -> Any:
        result = replacement(*args, **named)
        return original(*args, **named) if result is NotImplemented else result

    return call


def typed(kind: Any, dtype: torch.dtype) -> Callable[..., Any]:
    """`torch.FloatTensor` and its like: a list of numbers, or the lengths of a tensor without contents."""

    def call(*args: Any, **named: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], (list, tuple)) and any_live(args[0]):
            return built(list(args[0]), dtype)
        if args and any_live(args):
            return torch.empty(args, dtype=dtype)
        return kind(*args, **named)

    return call


KINDS = {
    torch.FloatTensor: torch.float32,
    torch.DoubleTensor: torch.float64,
    torch.IntTensor: torch.int32,
    torch.LongTensor: torch.int64,
}

CAPTURE = Capture(
    functions={torch.tensor: tensor, torch.as_tensor: tensor, torch.asarray: tensor, Tensor.new_tensor: new_tensor},
    calls={
        torch.from_numpy: instead(torch.from_numpy, from_array),
        torch.tensor: instead(torch.tensor, tensor),
        torch.as_tensor: instead(torch.as_tensor, tensor),
        Tensor: typed(Tensor, torch.float32),
        **{kind: typed(kind, dtype) for kind, dtype in KINDS.items()},
    },
)
