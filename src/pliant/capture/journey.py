"""What tracing had seen when it failed: the graph so far, and the call that failed with its arguments.

There is no `ExportedProgram` then. But the nodes that PyTorch has recorded up to the failure lead back from any live
number to the argument it comes from, each with the source line it was made by.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch.fx import Graph
from torch.fx.experimental.proxy_tensor import get_proxy_mode


@dataclass(frozen=True)
class Failure:
    """A call of a torch function that raised `error`."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    error: BaseException


class Journey:
    """The record of one trace. `graph` is the one being made, None before the model's forward is entered.

    `failure` is the last call that failed, also if the model caught its error: compare `failure.error`.
    """

    def __init__(self) -> None:
        self.graph: Graph | None = None
        self.failure: Failure | None = None

    def begin(self) -> None:
        """Note the graph that is being made now."""
        mode = get_proxy_mode()
        if mode is not None:
            self.graph = mode.tracer.graph

    @contextmanager
    def call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Generator[None]:
        """Within the block `function` is called; what it raises is noted and passes through."""
        try:
            yield
        except Exception as error:
            if self.failure is None or self.failure.error is not error:  # the innermost call is the cause
                self.failure = Failure(function, args, kwargs, error)
            raise
