"""Tracing a module with `torch.export` while the capture families keep its values live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.overrides import TorchFunctionMode

from pliant.capture.base import Table, families
from pliant.capture.methods import completed_numbers
from pliant.capture.source import replaced_calls
from pliant.capture.state import unchanged


@dataclass(frozen=True)
class Leaf:
    """One input of the traced program.

    `example` is a tensor; a Python number of the caller's is a 0-d float64 or int64 tensor with `number` true.
    `live` are the axes whose length is chosen at run time.
    """

    example: Tensor
    number: bool = False
    live: tuple[int, ...] = ()


class _Live(TorchFunctionMode):
    """Answers the torch functions that a capture family handles."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        kwargs = kwargs or {}
        handler = self.table.functions.get(func)
        if handler is not None:
            # Inside a handler the mode is off, so a handler may call what it handles.
            result = handler(*args, **kwargs)
            if result is not NotImplemented:
                return result
        return func(*args, **kwargs)


class _Traced(nn.Module):
    """The module as `torch.export` sees it: a function of tensors alone."""

    def __init__(self, module: nn.Module, leaves: Sequence[Leaf], assemble: Callable[..., Any], table: Table) -> None:
        super().__init__()
        self.module = module
        self.leaves, self.assemble, self.table = leaves, assemble, table

    def forward(self, *tensors: Tensor) -> Any:
        values = [t.item() if leaf.number else t for t, leaf in zip(tensors, self.leaves, strict=True)]
        args, kwargs = self.assemble(values)
        with _Live(self.table):
            return self.module(*args, **kwargs)


def trace(
    module: nn.Module, leaves: Sequence[Leaf], assemble: Callable[..., Any], *, fallbacks: bool = False
) -> ExportedProgram:
    """Trace `module` with every number and every live axis symbolic.

    `assemble` turns one value per leaf into the module's (args, kwargs); `fallbacks` lets the families take part that
    are for a second attempt. Whatever PyTorch or the model raises passes through.
    """
    table = families(fallbacks=fallbacks)
    axes = tuple(dict.fromkeys(leaf.live, Dim.AUTO) or None for leaf in leaves)
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(unchanged(module))
        stack.enter_context(completed_numbers())
        stack.enter_context(replaced_calls(module, table))
        return torch.export.export(
            _Traced(module, leaves, assemble, table),
            tuple(leaf.example for leaf in leaves),
            dynamic_shapes=(axes,),
            strict=False,
        )
