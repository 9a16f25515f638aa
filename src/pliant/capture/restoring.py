"""What a model keeps as Python state is put back after its forward was run for pliant's purposes.

`self.scale = factor` in a forward leaves a live number on the module, `self.sizes.append(h)` one in a list: symbols
that mean nothing once tracing has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

LEFT_ALONE = (Tensor, FunctionType, MethodType, ModuleType, type, torch.dtype, torch.device)


def _parts(value: Any) -> Iterator[Any]:
    """What an object holds that may be changed in place."""
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, (list, tuple, set)):
        yield from value
    elif isinstance(getattr(value, "__dict__", None), dict):
        yield vars(value)


def _restoring(value: Any) -> Callable[[], None] | None:
    """A function that gives a container its present contents again."""
    if isinstance(value, dict):
        contents = dict(value)

        def restore() -> None:
            if list(value) != list(contents) or any(value[key] is not contents[key] for key in contents):
                value.clear()
                value.update(contents)

        return restore
    if isinstance(value, list):
        items = list(value)
        return lambda: value.__setitem__(slice(None), items)
    if isinstance(value, set):
        members = set(value)
        return lambda: (value.clear(), value.update(members))[0]
    return None


@contextmanager
def unchanged(module: nn.Module, *, contents: bool = True) -> Generator[list[Tensor]]:
    """Within the block, a forward may change the module; afterwards it has the state that it had.

    Attributes, also of objects and containers that they hold, are the same objects as before; buffers and parameters
    have their contents, also those that the forward assigns by `weight.data = ...`. Gives a list that holds, after
    the block, the parameters and buffers that had been changed. Without `contents`, which take time and memory, what is
    in the parameters and buffers is not looked after.
    """
    changed: list[Tensor] = []
    tensors = [_Kept(tensor) for tensor in (*module.parameters(), *module.buffers())] if contents else []
    restores: list[Callable[[], None]] = []
    pending: list[Any] = [vars(part) for part in module.modules()]
    seen: dict[int, Any] = {}
    while pending:
        value = pending.pop()
        if id(value) in seen or isinstance(value, LEFT_ALONE):
            continue
        seen[id(value)] = value
        restore = _restoring(value)
        restores += [restore] if restore is not None else []
        pending += _parts(value)
    try:
        yield changed
    finally:
        for restore in restores:
            restore()
        changed += [kept.tensor for kept in tensors if kept.restore()]


class _Kept:
    """A tensor of a module as it was: its memory, and what was in it."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor, self.memory, self.contents = tensor, tensor.data, tensor.detach().clone()

    def restore(self) -> bool:
        """Whether there was something to restore; NaN counts as changed."""
        moved = self.tensor.data_ptr() != self.memory.data_ptr() or self.tensor.shape != self.memory.shape
        if moved:
            self.tensor.data = self.memory
        written = not torch.equal(self.memory, self.contents)
        if written:
            self.memory.copy_(self.contents)
        return moved or written
