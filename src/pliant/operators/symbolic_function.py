"""`torch.autograd.Function` classes that say in `symbolic(g, ...)` what they are in ONNX.

The traced program holds one opaque node per call; which class and which fixed arguments it stands for is recorded
beside it while one export runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from onnxscript import ir
from torch import Tensor

from pliant.operators._calls import DTYPES as DTYPES
from pliant.operators._calls import record as record
from pliant.operators._calls import recorded, results_like
from pliant.operators._calls import recording as recording
from pliant.operators._functions import USERS, Label, call
from pliant.operators._onnx import op
from pliant.operators.base import Operator


@dataclass(frozen=True)
class Call:
    """One use of a function: its class, and per argument (index of a tensor) or (None, fixed value)."""

    function: type
    arguments: tuple[tuple[int | None, Any], ...]


@torch.library.custom_op("pliant::symbolic_function", mutates_args=())
def symbolic_function(
    tensors: Sequence[Tensor], call: int, lengths: Sequence[int], ranks: Sequence[int], dtypes: Sequence[int]
) -> list[Tensor]:
    """The outputs of recorded call number `call`.

    `lengths` are the shapes of the outputs one after the other, `ranks` how many belong to each, `dtypes` positions
    in DTYPES.
    """
    del lengths, ranks, dtypes
    found = recorded(call)
    values = [value if k is None else tensors[k] for k, value in found.arguments]
    results = found.function.apply(*values)  # type: ignore[attr-defined]
    return list(results) if isinstance(results, tuple) else [results]


@symbolic_function.register_fake
def _(
    tensors: Sequence[Tensor], call: int, lengths: Sequence[int], ranks: Sequence[int], dtypes: Sequence[int]
) -> list[Tensor]:
    del call
    return results_like(tensors, lengths, ranks, dtypes)


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


def translate(tensors: Sequence[Any], call_number: int, *shape: Any) -> Any:
    """Let the class write its own ONNX."""
    del shape
    found: Call = recorded(call_number)
    names = _parameters(found.function, len(found.arguments))
    inputs = {names[at]: tensors[k] for at, (k, _) in enumerate(found.arguments) if k is not None}

    def body(*values: Any) -> list[Any]:
        given = iter(values)
        arguments = [value if k is None else next(given) for k, value in found.arguments]
        results = found.function.symbolic(Graph(), *arguments)  # type: ignore[attr-defined]
        return list(results) if isinstance(results, (tuple, list)) else [results]

    return call(Label(found.function.__name__, tuple(inputs), domain=USERS), inputs, body)


def _parameters(function: Any, count: int) -> list[str]:
    """Names of the first `count` arguments of `apply`, those of `forward` where it names them."""
    known = [p for p in signature(function.forward).parameters.values() if p.kind is not p.VAR_POSITIONAL]
    names = [p.name for p in known if p.name != "ctx"]
    return [names[k] if k < len(names) else f"input_{k + 1}" for k in range(count)]


OPERATOR = Operator(translations={torch.ops.pliant.symbolic_function.default: translate})
