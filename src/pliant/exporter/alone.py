"""One export at a time.

While a module is traced, the code of its functions, some methods of PyTorch's live numbers and the streams and logs of
the process are others than usual. All of that is put back when the export ends, however it ends; but a second export,
or its eager runs, must not see it.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

SELDOM = 100_000  # new objects between two searches for garbage
SMALL = 2**17  # elements; up to there threads cost more than they save, on a machine that has other work very much more

_turn = threading.RLock()


@contextmanager
def alone() -> Generator[None]:
    """Within the block, no other thread is in such a block; it waits.

    Python looks for garbage less often: a trace makes millions of objects that stay, and going through them again and
    again takes a tenth of the time.
    """
    with _turn:
        usual = gc.get_threshold()
        gc.set_threshold(max(usual[0], SELDOM) if usual[0] else 0, *usual[1:])
        try:
            yield
        finally:
            gc.set_threshold(*usual)


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
