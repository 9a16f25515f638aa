"""Tracing a module with `torch.export` while the capture families keep its values live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import SymBool, Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.fx._lazy_graph_module import _use_lazy_graph_module
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from pliant.capture.base import families
from pliant.capture.changes import changed_by
from pliant.capture.gathered import Gathered
from pliant.capture.helper import Helper
from pliant.capture.journey import Journey
from pliant.capture.lines import innermost_lines
from pliant.capture.live.choices import Choices, as_int, choosing, forget_checks, set_example, step_of
from pliant.capture.methods import completed_numbers
from pliant.capture.paths import Assumption, Paths, Undecidable, deciding
from pliant.capture.pruning import prune
from pliant.capture.repeated import Repeated
from pliant.capture.restoring import unchanged
from pliant.capture.source import rewritten_source
from pliant.operators.renamed import environment_of, set_guards_aside


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

    def __init__(self, helper: Helper, journey: Journey) -> None:
        super().__init__()
        self.table, self.paths, self.journey = helper.table, helper.paths, journey
        self.parts: dict[int, tuple[Tensor, Tensor, Any]] = {}  # slices by live bounds: (slice, tensor, where)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        kwargs = kwargs or {}
        changed = list(changed_by(func, args, kwargs))
        for tensor in changed:
            self.paths.will_change(tensor)
        with self.journey.call(func, args, kwargs):
            result = self._answer(func, args, kwargs)
            for tensor in changed:
                self._write_back(tensor)
            return result

    def _answer(self, func: Any, args: Any, kwargs: Any) -> Any:
        args, kwargs = tuple(map(_counted, args)), {name: _counted(value) for name, value in kwargs.items()}
        handler = self.table.functions.get(func)
        if handler is not None:
            # Inside a handler the mode is off, so a handler may call what it handles.
            result = handler(*args, **kwargs)
            if result is not NotImplemented:
                if func is Tensor.__getitem__:  # PyTorch's own is a view of its tensor
                    self.parts[id(result)] = (result, *args)
                return result
        return func(*args, **kwargs)

    def _write_back(self, part: Tensor) -> None:
        """`x[a:b].add_(1)` changes `x`, also where `x[a:b]` is a tensor of its own because a bound is live."""
        if id(part) in self.parts:
            _, whole, key = self.parts[id(part)]
            self.paths.will_change(whole)
            self._answer(Tensor.__setitem__, (whole, key, part), {})
            self._write_back(whole)


def _counted(argument: Any) -> Any:
    """A list of lengths or pads in which live truths are 0 or 1, as in `F.pad(x, (0, w % 2 == 1))`."""
    if type(argument) not in (list, tuple) or not any(isinstance(part, SymBool) for part in argument):
        return argument
    return type(argument)(as_int(part) if isinstance(part, SymBool) else part for part in argument)


def _settled(result: Any) -> Any:
    """What a model returns. Raises Undecidable if it is a live number of things: a file has so many outputs."""
    for part in pytree.tree_leaves(result):
        if isinstance(part, (Repeated, Gathered)):
            reason = (
                "the number of results decides what is returned, and must be known when the file is made; "
                "torch.cat or torch.stack makes one tensor of them"
            )
            raise Undecidable(reason, getattr(part, "line", None))
    return result


class _Traced(nn.Module):
    """The module as `torch.export` sees it: a function of tensors alone."""

    def __init__(
        self,
        module: nn.Module,
        leaves: Sequence[Leaf],
        assemble: Callable[..., Any],
        helper: Helper,
        journey: Journey,
        opaque: bool,
    ) -> None:
        super().__init__()
        self.module = module
        self.leaves, self.assemble, self.helper, self.journey = leaves, assemble, helper, journey
        self.opaque = opaque

    def forward(self, *tensors: Tensor) -> Any:
        self.journey.begin()
        for tensor, leaf in zip(tensors, self.leaves, strict=True):
            if (step := step_of(tensor)) is not None:
                self.helper.paths.examples[step.name] = leaf.example
        values = [
            set_example(t.item(), leaf.example.item()) if leaf.number else t
            for t, leaf in zip(tensors, self.leaves, strict=True)
        ]
        args, kwargs = self.assemble(values)
        with _Live(self.helper, self.journey):
            result = _settled(self.helper.fork(lambda: self.module(*args, **kwargs)))
        if self.opaque:
            forget_checks()
        if (environment := environment_of(tensors)) is not None:
            set_guards_aside(environment)
        return result


@dataclass(frozen=True)
class Trace:
    """A traced program, and the ways through the model that it leaves out."""

    program: ExportedProgram
    assumptions: tuple[Assumption, ...]


def trace(
    module: nn.Module,
    leaves: Sequence[Leaf],
    assemble: Callable[..., Any],
    *,
    fallbacks: bool = False,
    choices: Choices | None = None,
    journey: Journey | None = None,
) -> Trace:
    """Trace `module` with every number and every live axis symbolic.

    `assemble` turns one value per leaf into the module's (args, kwargs); `fallbacks` lets the families take part that
    are for a second attempt; `choices` says how numbers are chosen; `journey` records how far tracing came.
    Whatever PyTorch or the model raises passes through.
    """
    paths, chosen = Paths(module), choices or Choices()
    helper = Helper(families(fallbacks=fallbacks), paths)
    axes = tuple(dict.fromkeys(leaf.live, Dim.AUTO) or None for leaf in leaves)
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(unchanged(module))
        stack.enter_context(completed_numbers())
        stack.enter_context(deciding(paths))
        stack.enter_context(paths.modules.watched())
        stack.enter_context(choosing(chosen))
        stack.enter_context(rewritten_source(module, helper))
        stack.enter_context(innermost_lines())
        stack.enter_context(_use_lazy_graph_module(True))  # steps of PyTorch's would each compile the graph again
        program = torch.export.export(
            _Traced(module, leaves, assemble, helper, journey or Journey(), chosen.opaque),
            tuple(leaf.example for leaf in leaves),
            dynamic_shapes=(axes,),
            strict=False,
        )
    prune(program.graph_module)
    return Trace(program, tuple(paths.assumptions))
