"""Running what is computed beforehand, on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import onnx_ir as ir
from numpy.typing import NDArray

from pliant.arguments import Array
from pliant.errors import InputError
from pliant.ort import FATAL, errors, library


def serialized(model: ir.Model) -> bytes:
    """A model as the content of an ONNX file."""
    return ir.to_proto(model).SerializeToString()


class Network(Protocol):
    """A network that an engine has compiled."""

    def __call__(self, feeds: Mapping[str, Array], /) -> Mapping[str, Array]:
        """The outputs of the body by name, as arrays that the caller owns; `feeds` are its inputs by name."""
        ...


Compile = Callable[[ir.Model], Network]


class Prologue:
    """A small model that ONNX Runtime has loaded, on one thread: it computes sizes, not pictures."""

    def __init__(self, model: ir.Model) -> None:
        ort: Any = library()
        settings = ort.SessionOptions()
        settings.log_severity_level = FATAL
        settings.intra_op_num_threads = 1
        self._session = ort.InferenceSession(serialized(model), settings, providers=["CPUExecutionProvider"])
        self.inputs: list[str] = [entry.name for entry in self._session.get_inputs()]
        self.outputs: list[str] = [entry.name for entry in self._session.get_outputs()]

    def __call__(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        """Its outputs by name. Raises InputError for sizes and values at which they cannot be computed."""
        try:
            given = {name: feeds[name] for name in self.inputs}
            return dict(zip(self.outputs, self._session.run(None, given), strict=True))
        except errors() as error:
            reason = str(error).rpartition(" : ")[2].strip().rstrip(".")
            raise InputError(f"The sizes of the result cannot be computed for these arguments: {reason}.") from error


def run(model: ir.Model, feeds: Mapping[str, NDArray[Any]]) -> list[Any]:
    """Load and run a model once; the outputs in order."""
    prologue = Prologue(model)
    results = prologue(feeds)
    return [results[name] for name in prologue.outputs]
