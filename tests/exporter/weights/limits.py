"""A refusal, and what it may cost."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from unittest import mock

import pytest
import torch

from pliant.errors import CheckpointError
from pliant.exporter.checkpoint import read_checkpoint

MOST_MEMORY = 100 << 20
MOST_SECONDS = 20  # a second or two, but the machine may be busy


def refusal(path: Path, traced: bool = True) -> str:
    """The message of the refusal of a file: one line, soon, with little memory and without PyTorch's own loaders.

    The memory is not looked at if not `traced`, which is for long programs: to trace slows them down several times.
    """
    never = mock.Mock(side_effect=AssertionError("a loader that can run code was called"))
    if traced:
        tracemalloc.start()
    start = time.perf_counter()
    try:
        with (
            mock.patch.multiple(torch, load=never),
            mock.patch.multiple(torch.jit, load=never),
            mock.patch.multiple("pickle", load=never, loads=never, Unpickler=never),
            pytest.raises(CheckpointError) as caught,
        ):
            read_checkpoint(path)
        peak = tracemalloc.get_traced_memory()[1] if traced else 0
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert time.perf_counter() - start < MOST_SECONDS
    assert peak < MOST_MEMORY
    assert len(message) < 600
    assert message.isprintable()
    return message
