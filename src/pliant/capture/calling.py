"""Modules whose `forward` has a parameter of a name that torch.fx needs for itself.

While it traces, torch.fx calls every module through a function of its own, `wrapper(mod, *args, **kwargs)`: a keyword
argument `mod` of the model's has no way through.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from torch import nn

RESERVED = "mod"


def takes_mod(module: nn.Module) -> bool:
    """Whether the module may be called with that keyword."""
    code = getattr(type(module).forward, "__code__", None)
    return code is not None and RESERVED in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def by_position(module: nn.Module) -> Callable[..., Any]:
    """`module` with whatever can be given by position given that way."""

    def call(*args: Any, **kwargs: Any) -> Any:
        bound = signature(module.forward).bind(*args, **kwargs)
        return module(*bound.args, **bound.kwargs)

    return call
