"""One export at a time, and a module that is afterwards what it was.

While a module is traced, the code of its functions, some methods of PyTorch's live numbers and the streams and logs of
the process are others than usual. All of that is put back when the export ends, however it ends; but a second export,
or its eager runs, must not see it.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

DEEPEST = 4  # how far the lists and dicts of a module are followed into one another

SMALL = 2**17  # elements; up to there threads cost more than they save, on a machine that has other work very much more

_turn = threading.RLock()


@contextmanager
def alone() -> Generator[None]:
    """Within the block, no other thread is in such a block; it waits."""
    with _turn:
        yield


@contextmanager
def unchanged(module: nn.Module) -> Generator[None]:
    """Afterwards `module` and its parts have the attributes, modes, containers and buffers that they had before.

    Tracing leaves live numbers and tensors without data in whatever the model keeps (a cache of masks, the size seen
    last), eager runs leave theirs. Buffers that were changed in place get their elements back.
    """
    containers = _containers(module)
    kept = [(container, container.copy()) for container in containers]
    buffers = [(buffer, buffer._version, buffer.detach().clone()) for buffer in module.buffers()]
    try:
        yield
    finally:
        for container, content in kept:
            _refill(container, content)
        with torch.no_grad():
            for buffer, version, content in buffers:
                if buffer._version != version:
                    buffer.copy_(content)


def is_small(tensors: Iterable[Any]) -> bool:
    """Whether one thread does for a run of a model on `tensors`; other objects do not count."""
    return sum(t.numel() for t in tensors if isinstance(t, Tensor)) <= SMALL


@contextmanager
def suitable_threads(tensors: Iterable[Any]) -> Generator[None]:
    """Within the block, PyTorch computes in one thread if `tensors` are small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if is_small(tensors) else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _containers(module: nn.Module) -> list[Any]:
    """The attributes of every part, and the lists, dicts and sets in them."""
    found: dict[int, Any] = {}

    def add(value: Any, deep: int) -> None:
        if id(value) in found or not deep or not isinstance(value, (list, dict, set, tuple)):
            return
        if not isinstance(value, tuple):
            found[id(value)] = value
        for part in list(value.values()) if isinstance(value, dict) else list(value):
            add(part, deep - 1)

    for part in module.modules():
        add(vars(part), DEEPEST)
    return list(found.values())


def _refill(container: Any, content: Any) -> None:
    """Give a container its content back; one that still has it is not touched."""
    if isinstance(container, list):
        if len(container) != len(content) or any(a is not b for a, b in zip(container, content, strict=True)):
            container[:] = content
    elif isinstance(container, dict):
        same = len(container) == len(content) and all(
            a is c and container[a] is content[c] for a, c in zip(container, content, strict=True)
        )
        if not same:
            container.clear()
            container.update(content)
    elif container != content:
        container.clear()
        container.update(content)
