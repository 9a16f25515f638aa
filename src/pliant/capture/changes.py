"""Tensors that a piece of the model's code changes in place, and how that is taken back.

Both ways of a decision must find a tensor as it was, and whoever sees it by another name, or sees a part of it, must
see what becomes of it. So the tensor object stays the same: its values are kept before the first change, put back
before the other way runs, and replaced by the merged values at the end, each time in place.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import get_proxy_mode

from pliant.capture.live.choices import step_of


class Changes:
    """The changes of one run, by the identity of the tensor: (the tensor, its values before)."""

    def __init__(self) -> None:
        mode = get_proxy_mode()
        self.start: Any = None if mode is None else mode.tracer.graph._root.prev
        self.before: dict[int, tuple[Tensor, Tensor]] = {}

    def note(self, tensor: Tensor) -> None:
        """`tensor` is about to be changed. What the run itself has made is of no interest."""
        step = step_of(tensor)
        new = step is not None and self.start is not None and self.start < step
        if id(tensor) not in self.before and not new:
            self.before[id(tensor)] = (tensor, tensor.clone())

    def take_back(self) -> dict[int, tuple[Tensor, Tensor, Tensor]]:
        """Put back the values before; returns (tensor, values before, values after)."""
        found = {key: (tensor, old, tensor.clone()) for key, (tensor, old) in self.before.items()}
        for tensor, old, _ in found.values():
            tensor.copy_(old)
        return found


def changed_by(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Tensor]:
    """The tensors that a call of a torch function changes in place, by PyTorch's conventions for names."""
    name = getattr(function, "__name__", "")
    in_place = (name.endswith("_") and not name.startswith("__")) or name in ASSIGNMENTS
    if (in_place or _asks_for_it(function, args, kwargs)) and args and isinstance(args[0], Tensor):
        yield args[0]
    elif in_place and args and isinstance(args[0], (list, tuple)):
        yield from (t for t in args[0] if isinstance(t, Tensor))
    out = kwargs.get("out")
    yield from (t for t in (out if isinstance(out, (list, tuple)) else [out]) if isinstance(t, Tensor))


OPERATIONS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift")
ASSIGNMENTS = frozenset({"__setitem__", *(f"__i{name}__" for name in OPERATIONS)})


def _asks_for_it(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    place = _place_of_flag(function)
    return bool(kwargs.get("inplace")) or (place is not None and place < len(args) and args[place] is True)


@functools.lru_cache(maxsize=1024)
def _place_of_flag(function: Callable[..., Any]) -> int | None:
    """The position of the parameter `inplace`."""
    if not getattr(function, "__module__", "").startswith("torch.nn") or torch.is_tensor(function):
        return None
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
    return names.index("inplace") if "inplace" in names else None
