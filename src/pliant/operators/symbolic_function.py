"""`torch.autograd.Function` classes that say in `symbolic(g, ...)` what they are in ONNX.

The traced program holds one opaque node per call; which class and which fixed arguments it stands for is recorded
beside it while one export runs.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from onnxscript import ir
from torch import Tensor

from pliant.operators._onnx import op
from pliant.operators.base import Operator

DTYPES = (torch.float32, torch.float64, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool)


@dataclass(frozen=True)
class Call:
    """One use of a function: its class, and per argument (index of a tensor) or (None, fixed value)."""

    function: type
    arguments: tuple[tuple[int | None, Any], ...]


_calls: ContextVar[list[Call]] = ContextVar("symbolic_function_calls")


@contextmanager
def recording() -> Generator[None]:
    """Within the block, calls are remembered from tracing to translation."""
    token = _calls.set([])
    try:
        yield
    finally:
        _calls.reset(token)


def record(call: Call) -> int:
    """Remember a call; the number stands for it in the traced program."""
    _calls.get().append(call)
    return len(_calls.get()) - 1


@torch.library.custom_op("pliant::symbolic_function", mutates_args=())
def symbolic_function(
    tensors: Sequence[Tensor], call: int, lengths: Sequence[int], ranks: Sequence[int], dtypes: Sequence[int]
) -> list[Tensor]:
    """The outputs of recorded call number `call`.

    `lengths` are the shapes of the outputs one after the other, `ranks` how many belong to each, `dtypes` positions
    in DTYPES.
    """
    del lengths, ranks, dtypes
    recorded = _calls.get()[call]
    values = [value if k is None else tensors[k] for k, value in recorded.arguments]
    results = recorded.function.apply(*values)  # type: ignore[attr-defined]
    return list(results) if isinstance(results, tuple) else [results]


@symbolic_function.register_fake
def _(
    tensors: Sequence[Tensor], call: int, lengths: Sequence[int], ranks: Sequence[int], dtypes: Sequence[int]
) -> list[Tensor]:
    del call
    shapes: list[list[int]] = []
    rest = list(lengths)
    for rank in ranks:
        shapes.append(rest[:rank])
        rest = rest[rank:]
    return [tensors[0].new_empty(shape, dtype=DTYPES[d]) for shape, d in zip(shapes, dtypes, strict=True)]


class Graph:
    """The `g` that a `symbolic` method gets: `g.op(name, *inputs, **attributes)` adds one standard ONNX node.

    Attributes carry their type as a suffix, as in `torch.onnx`: `_i`, `_f` and `_s` for numbers and texts or lists
    of them, `_t` for tensors.
    """

    def op(self, name: str, *inputs: Any, outputs: int = 1, **attributes: Any) -> Any:
        """Add a node; returns its output, or a tuple of them if there are several.

        Raises ValueError for an operator of another domain, and for an attribute that is known only at run time.
        """
        if "::" in name and not name.startswith("onnx::"):
            raise ValueError(
                f"the operator {name} has no ONNX form that every engine knows: build it from standard operators"
            )
        plain = {key.rpartition("_")[0]: _attribute(key, value) for key, value in attributes.items()}
        if outputs > 1:
            plain["_outputs"] = outputs
        return getattr(op, name.removeprefix("onnx::"))(*(_input(value) for value in inputs), **plain)


def _attribute(key: str, value: Any) -> Any:
    if isinstance(value, (ir.Value, torch.SymInt, torch.SymFloat)):
        raise ValueError(
            f"attribute {key} depends on a live value; attributes have no ONNX form for that, pass an input"
        )
    return _constant(value) if isinstance(value, Tensor) else value


def _input(value: Any) -> Any:
    if isinstance(value, Tensor):
        return op.Constant(value=_constant(value))
    return value


def _constant(tensor: Tensor) -> ir.TensorProtocol:
    return ir.tensor(tensor.detach().cpu().numpy())


def translate(tensors: Sequence[Any], call: int, *shape: Any) -> Any:
    """Let the class write its own ONNX."""
    del shape
    recorded = _calls.get()[call]
    values = [value if k is None else tensors[k] for k, value in recorded.arguments]
    results = recorded.function.symbolic(Graph(), *values)  # type: ignore[attr-defined]
    return list(results) if isinstance(results, (tuple, list)) else [results]


OPERATOR = Operator(translations={torch.ops.pliant.symbolic_function.default: translate})
