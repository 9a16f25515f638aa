"""What PyTorch's exporter reads again and again, read once.

Its table of translations is put together for each export, for which the sources of five hundred functions are read and
compiled: a second or two, and longer than all else that the export of a small network takes. The signature of an
operator is made from ONNX's description for each node: a twentieth of the export of a large one.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from onnx_ir.schemas import OpSignature
from torch.onnx._internal.exporter._registration import ONNXRegistry

_read = ONNXRegistry.from_torchlib


@contextmanager
def read_once() -> Generator[None]:
    """Within the block, PyTorch's exporter begins with a copy of the table that was put together first, and has one
    signature for each of ONNX's operators.
    """
    with (
        patch.object(ONNXRegistry, "from_torchlib", staticmethod(_copy)),
        patch.object(OpSignature, "from_op_schema", staticmethod(_Signatures(OpSignature.from_op_schema))),
    ):
        yield


class _Signatures:
    """Signatures of ONNX's operators; what other domains have is not known by a name alone."""

    def __init__(self, made: Any) -> None:
        self.made, self.kept = made, dict[tuple[str, int], Any]()

    def __call__(self, schema: Any) -> Any:
        if schema.domain:
            return self.made(schema)
        key = schema.name, schema.since_version
        if key not in self.kept:
            self.kept[key] = self.made(schema)
        return self.kept[key]


@cache
def _table(opset: int) -> Any:
    return _read(opset_version=opset)


def _copy(opset_version: int) -> Any:
    """A table of its own: operators of a user are added to it."""
    made: Any = ONNXRegistry()
    made._opset_version = opset_version
    made.functions = {name: list(found) for name, found in _table(opset_version).functions.items()}
    return made
