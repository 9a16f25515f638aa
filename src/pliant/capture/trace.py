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
from pliant.capture.journey import Journey
from pliant.capture.source import replaced_calls


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

    def __init__(self, table: Table, journey: Journey) -> None:
        super().__init__()
        self.table, self.journey = table, journey

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        kwargs = kwargs or {}
        handler = self.table.functions.get(func)
        with self.journey.call(func, args, kwargs):
            if handler is not None:
                # Inside a handler the mode is off, so a handler may call what it handles.
                result = handler(*args, **kwargs)
                if result is not NotImplemented:
                    return result
            return func(*args, **kwargs)


class _Traced(nn.Module):
    """The module as `torch.export` sees it: a function of tensors alone."""

    def __init__(
        self, module: nn.Module, leaves: Sequence[Leaf], assemble: Callable[..., Any], table: Table, journey: Journey
    ) -> None:
        super().__init__()
        self.module = module
        self.leaves, self.assemble, self.table, self.journey = leaves, assemble, table, journey

    def forward(self, *tensors: Tensor) -> Any:
        self.journey.begin()
        values = [t.item() if leaf.number else t for t, leaf in zip(tensors, self.leaves, strict=True)]
        args, kwargs = self.assemble(values)
        with _Live(self.table, self.journey):
            return self.module(*args, **kwargs)


def trace(
    module: nn.Module,
    leaves: Sequence[Leaf],
    assemble: Callable[..., Any],
    *,
    fallbacks: bool = False,
    journey: Journey | None = None,
) -> ExportedProgram:
    """Trace `module` with every number and every live axis symbolic.

    `assemble` turns one value per leaf into the module's (args, kwargs); `fallbacks` lets the families take part that
    are for a second attempt; `journey` records how far tracing came. Whatever PyTorch or the model raises passes
    through.
    """
    table = families(fallbacks=fallbacks)
    axes = tuple(dict.fromkeys(leaf.live, Dim.AUTO) or None for leaf in leaves)
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(replaced_calls(module, table))
        return torch.export.export(
            _Traced(module, leaves, assemble, table, journey or Journey()),
            tuple(leaf.example for leaf in leaves),
            dynamic_shapes=(axes,),
            strict=False,
        )
