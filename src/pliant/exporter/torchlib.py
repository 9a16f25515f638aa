"""PyTorch's table of translations, put together once.

PyTorch does it again for each export, and reads and compiles the sources of five hundred functions for it: a second or
two, and longer than all else that the export of a small network takes.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from torch.onnx._internal.exporter._registration import ONNXRegistry

_read = ONNXRegistry.from_torchlib


@contextmanager
def read_once() -> Generator[None]:
    """Within the block, PyTorch's exporter begins with a copy of the table that was put together first."""
    with patch.object(ONNXRegistry, "from_torchlib", staticmethod(_copy)):
        yield


@cache
def _table(opset: int) -> Any:
    return _read(opset_version=opset)


def _copy(opset_version: int) -> Any:
    """A table of its own: operators of a user are added to it."""
    made: Any = ONNXRegistry()
    made._opset_version = opset_version
    made.functions = {name: list(found) for name, found in _table(opset_version).functions.items()}
    return made
