"""All that is known about one operator of a user's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Signature
from typing import Any, cast

import torch
from torch import SymFloat, SymInt, Tensor

from pliant.errors import OperatorError
from pliant.kernels import Kernel
from pliant.operators._functions import USERS, Label, as_input, call
from pliant.operators._onnx import op

Sample = tuple[Any, ...]


@dataclass
class Definition:
    """One operator: `reference` in PyTorch, the `shape` and `dtype` of its results, the ONNX `body` once it is given.

    `checked` is set when body and shape have been found to do on all `samples` what the reference does. `kernels` are
    native forms on single engines.
    """

    name: str
    reference: Callable[..., Any]
    shape: Callable[..., Any]
    dtype: torch.dtype | Sequence[torch.dtype] | None
    samples: tuple[Sample, ...]
    signature: Signature
    body: Callable[..., Any] | None = None
    checked: bool = False
    kernels: list[Kernel] = field(default_factory=list[Kernel])

    @property
    def attributes(self) -> frozenset[str]:
        """Parameters after `*`, which are fixed."""
        return frozenset(p.name for p in self.signature.parameters.values() if p.kind is p.KEYWORD_ONLY)

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments by name, with defaults; whole numbers are floats where the annotation says so."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        real = {p.name for p in self.signature.parameters.values() if p.annotation in (float, "float")}
        return {name: _real(value) if name in real else value for name, value in bound.arguments.items()}

    def _apply(self, function: Callable[..., Any], arguments: Mapping[str, Any], *first: Any) -> Any:
        named = {name: arguments[name] for name in self.attributes}
        return function(*first, *(v for name, v in arguments.items() if name not in named), **named)

    def run(self, arguments: Mapping[str, Any]) -> Any:
        """The reference."""
        return self._apply(self.reference, arguments)

    def shapes(self, arguments: Mapping[str, Any], shape: Callable[..., Any]) -> tuple[list[list[Any]], bool]:
        """The shapes of the results by `shape`, live where the arguments are, and whether there is a single result.

        Raises OperatorError if the shape function gives anything but lengths.
        """
        found = self._apply(shape, arguments)
        parts: list[Any] = list(found) if isinstance(found, (list, tuple)) else [found]
        several = bool(parts) and all(isinstance(part, (list, tuple)) for part in parts)
        shapes: list[list[Any]] = [list(part) for part in parts] if several else [parts]
        for length in (length for lengths in shapes for length in lengths):
            if isinstance(length, (bool, float, SymFloat)) or not isinstance(length, (int, SymInt)):
                raise OperatorError(
                    f"The shape function of {self.name} gives {found!r}; it has to give a tuple of whole numbers, or a "
                    "list of such tuples."
                )
        return shapes, not several

    def dtypes(self, arguments: Mapping[str, Any], count: int) -> list[torch.dtype]:
        """The types of `count` results."""
        if isinstance(self.dtype, torch.dtype):
            return [self.dtype] * count
        if self.dtype is not None:
            if len(self.dtype) != count:
                raise OperatorError(f"{self.name} states {len(self.dtype)} dtypes and {count} shapes.")
            return list(self.dtype)
        first = next((t for t in leaves(arguments.values()) if isinstance(t, Tensor)), None)
        return [torch.get_default_dtype() if first is None else first.dtype] * count

    def call(self, arguments: Mapping[str, Any], lists: Collection[str]) -> list[Any]:
        """Write the body for ONNX values, as a function if functions are collected.

        `lists` are the arguments that are lists of tensors; in others, a list is one of numbers.
        """
        inputs: dict[str, Any] = {}
        for name, value in arguments.items():
            if name in lists:
                inputs |= {f"{name}_{k}": as_input(part) for k, part in enumerate(value)}
            elif name not in self.attributes and not isinstance(value, (bool, str)):
                inputs[name] = as_input(value)
        fixed = {name: v for name, v in arguments.items() if name not in inputs and name not in lists}
        label = Label(self.name, tuple(inputs), {n: v for n, v in fixed.items() if _is_attribute(v)}, USERS)

        def body(*values: Any) -> list[Any]:
            inside = fixed | dict(zip(inputs, values, strict=True))
            inside |= {name: [inside[f"{name}_{k}"] for k in range(len(arguments[name]))] for name in lists}
            assert self.body is not None  # it has been checked
            results = self._apply(self.body, {name: inside[name] for name in arguments}, op)
            return list(results) if isinstance(results, (list, tuple)) else [results]

        return call(label, inputs, body)


def _real(value: Any) -> Any:
    if isinstance(value, SymInt):
        return torch.sym_float(value)
    return float(value) if isinstance(value, int) else value


def _is_attribute(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        kinds = {type(part) for part in value}
        return len(kinds) == 1 and kinds <= {int, float, str}
    return isinstance(value, (int, float, str))


def leaves(values: Iterable[Any]) -> list[Any]:
    """The members of `values`, with those of lists in their place."""
    found: list[Any] = []
    for value in values:
        found += leaves(cast("list[Any]", value)) if isinstance(value, (list, tuple)) else [value]
    return found
