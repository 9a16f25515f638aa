"""`weight.data = ...` in a forward: networks that fuse their convolutions at each call, as in SPAN, keep them that way.

Tracing knows a parameter by its object, and would go on with the values that it had before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from pliant.capture.base import Capture
from pliant.capture.paths import current


def read(tensor: Tensor) -> Tensor:
    """`tensor.data`: the same values, which tracing follows where it would take `.data` for a new constant."""
    return tensor.detach()


def write(tensor: Tensor, value: Tensor) -> Any:
    """`tensor.data = value` for a parameter or buffer of the model: from here on, the model has `value` there."""
    places: list[dict[str, Any]] = [
        held
        for module in current().modules.all
        for held in (module._parameters, module._buffers)
        if any(kept is tensor for kept in held.values())
    ]
    if not places:
        return NotImplemented
    current().modules.changed()
    for held in places:
        held.update({name: value for name, kept in held.items() if kept is tensor})
    return None


# pyright sees the value that `data` has, not the descriptor
DATA: Any = Tensor.__dict__.get("data") or Tensor.__mro__[1].__dict__["data"]
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {DATA.__get__: read, DATA.__set__: write}

CAPTURE = Capture(functions=FUNCTIONS)
