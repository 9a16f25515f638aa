"""`view`, `reshape`, `flatten` and `unflatten` where a length is a computed one.

Views to plain lengths of the inputs are PyTorch's own. Others become an operator of ours, see `operators/reshape.py`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import SymInt, Tensor

from pliant.capture.base import Capture
from pliant.capture.live.choices import same
from pliant.capture.live.lengths import constant_quotient
from pliant.operators.reshape import reshape


def involved(length: Any) -> bool:
    """Whether a length is more than a product of different lengths of the inputs.

    PyTorch does not see that the square of a length, divided by that length, is the length again.
    """
    if not isinstance(length, SymInt):
        return False
    expression = length.node.expr
    return not (expression.is_Symbol or expression.is_Mul or expression.is_Number) or any(
        str(symbol).startswith(("u", "zuf")) or power != 1
        for symbol in expression.free_symbols
        for power in [expression.as_powers_dict().get(symbol, 0)]
    )


def view(self: Tensor, *shape: Any) -> Any:
    """`x.view(...)` and `x.reshape(...)`."""
    lengths: list[Any] = list(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else list(shape)
    if not all(isinstance(n, (int, SymInt)) for n in lengths):
        return NotImplemented
    if not any(involved(n) for n in (*lengths, *self.shape)):
        return NotImplemented
    unknown = [k for k, n in enumerate(lengths) if isinstance(n, int) and n == -1]
    if len(unknown) == 1:
        lengths[unknown[0]] = remaining(self.shape, lengths)
    return reshape(self, lengths)


def remaining(shape: Any, lengths: list[Any]) -> Any:
    """The length that -1 stands for; lengths that occur on both sides are left out of the quotient.

    They are compared by their formulas: to ask two lengths whether they are equal would fix the answer.
    """
    above, below = list(shape), list[Any]()
    for length in lengths:
        if isinstance(length, int) and length == -1:
            continue
        found = next((k for k, other in enumerate(above) if same(other, length)), None)
        if found is None:
            below.append(length)
        else:
            above.pop(found)
    numbers = [product([n for n in side if isinstance(n, int)]) for side in (above, below)]
    if numbers[1] and numbers[0] % numbers[1] == 0:
        above = [numbers[0] // numbers[1], *(n for n in above if not isinstance(n, int))]
        below = [n for n in below if not isinstance(n, int)]
    if not below:
        return product(above)
    found = constant_quotient(above, below)
    return product(above) // product(below) if found is None else found


def product(lengths: list[Any]) -> Any:
    """The product of lengths."""
    result: Any = 1
    for length in lengths:
        result = result * length
    return result


def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Any:
    """`x.flatten(...)`."""
    if self.dim() == 0 or not any(involved(n) for n in self.shape):
        return NotImplemented
    start, end = start_dim % self.dim(), end_dim % self.dim()
    shape = list(self.shape)
    return reshape(self, [*shape[:start], product(shape[start : end + 1]), *shape[end + 1 :]])


def functional(input: Tensor, shape: Any) -> Any:  # noqa: A002 - PyTorch's name
    """`torch.reshape`."""
    return view(input, shape)


CAPTURE = Capture(
    functions={
        Tensor.view: view,
        Tensor.reshape: view,
        torch.reshape: functional,
        Tensor.flatten: flatten,
        torch.flatten: flatten,
    }
)
