"""`tensor.item()` and `tensor.tolist()`: the same element of the same tensor is the same live number.

PyTorch makes a new symbol for each call, so that a size computed twice from `factor.item()` would be two sizes that
have nothing to do with one another: sums of two branches could not be traced, nor the two ways of a decision merged.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

from pliant.capture.base import Capture
from pliant.capture.live.choices import set_example, step_of
from pliant.capture.paths import current

MOST = 64  # elements of a list; a longer one is data


def origin(tensor: Tensor) -> Any:
    """How a traced tensor is computed: equal for two that are computed alike. None if that is not known."""
    node = step_of(tensor)
    return None if node is None else (described(node, current().origins), tensor._version)


def described(node: torch.fx.Node, seen: dict[torch.fx.Node, Any]) -> Any:
    """A step of the trace by what it does and what it is done to."""
    if node not in seen:
        if node.op != "call_function":
            seen[node] = (node.op, node.name)
        else:

            def known(step: torch.fx.Node) -> Any:
                return _Known(described(step, seen))

            arguments = torch.fx.map_arg((node.args, node.kwargs), known)
            seen[node] = (str(node.target), repr(arguments))
    return seen[node]


class _Known:
    def __init__(self, text: Any) -> None:
        self.text = hash(text)

    def __repr__(self) -> str:
        return f"<{self.text}>"


def item(tensor: Tensor) -> Any:
    """`tensor.item()`."""
    key = origin(tensor) if tensor.numel() == 1 else None
    if key is None:
        return tensor.item()
    elements = current().elements
    if key not in elements:
        elements[key] = tensor.item()
        example = in_example(tensor)
        if example is not None:
            set_example(elements[key], example.item())
    return elements[key]


def in_example(tensor: Tensor) -> Tensor | None:
    """What a tensor is for the arguments that the model is traced with, if it is computed from a few numbers only.

    Tracing can then go on where PyTorch asks for the number, as when it checks that a pad is less than a length;
    what it assumes is tested afterwards.
    """
    node = step_of(tensor)
    try:
        with torch._C.DisableTorchFunction(), _disable_current_modes():
            return None if node is None else _computed(node, {})
    except _Unknown:
        return None


class _Unknown(Exception):  # noqa: N818 - an answer, not an error
    """A step that is not computed from a few numbers."""


def _computed(node: torch.fx.Node, seen: dict[torch.fx.Node, Any]) -> Any:
    if node in seen:
        return seen[node]
    if len(seen) > MOST:
        raise _Unknown
    if node.op == "placeholder":
        example = current().examples.get(node.name)
        if example is None or example.numel() > MOST:
            raise _Unknown
        seen[node] = example
    elif isinstance(node.target, torch._ops.OpOverload) and node.target.namespace == "aten":
        args, kwargs = torch.fx.map_arg((node.args, node.kwargs), lambda n: _computed(n, seen))
        seen[node] = node.target(*args, **kwargs)
    else:
        raise _Unknown
    return seen[node]


def tolist(tensor: Tensor) -> Any:
    """`tensor.tolist()` of a few numbers."""
    if tensor.dim() == 0:
        return item(tensor)
    length = tensor.shape[0]
    if isinstance(length, torch.SymInt) or tensor.numel() > MOST or origin(tensor) is None:
        return NotImplemented
    return [tolist(tensor[k]) for k in range(length)]


CAPTURE = Capture(functions={Tensor.item: item, Tensor.tolist: tolist})
