"""`F.pad` by amounts known only at run time, and by a value known only then."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.capture.base import Capture
from pliant.capture.live.choices import is_live
from pliant.capture.live.lengths import rounded_up
from pliant.capture.live.symbols import any_live, by_value, scalar
from pliant.capture.paths import current
from pliant.operators.pad import MODES
from pliant.operators.pad import pad as padded
from pliant.operators.renamed import number_of, renamed


def pad(input: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Any:  # noqa: A002 - PyTorch's names
    """`F.pad`. Raises ValueError for an odd number of amounts."""
    amounts = pad.tolist() if isinstance(pad, Tensor) else [p.item() if isinstance(p, Tensor) else p for p in pad]
    if len(amounts) % 2 or len(amounts) > 2 * input.dim():
        return NotImplemented
    before, after = amounts[-2::-2], amounts[::-2]
    lengths = input.shape[input.dim() - len(after) :]
    attempted = bool(current().attempts) and any_live(lengths)
    if attempted and mode in ("reflect", "circular"):
        check(lengths, before, after, mode)
    if not any_live([*amounts, value]) and not (mode in MODES and (attempted or any(by_value(n) for n in input.shape))):
        return NotImplemented  # PyTorch's own compares the amounts with the length, which then must be known
    after = [simplest(n, a, b) for n, a, b in zip(lengths, before, after, strict=True)]
    if mode == "constant":
        result = constant(input, before, after, value)
    elif mode in MODES:
        result = padded(input, before, after, mode)
    else:
        return NotImplemented
    numbers = [number_of(length) for length in result.shape]
    return short_lengths(result, numbers) if max(numbers) >= 0 else result


def check(lengths: Any, before: Any, after: Any, mode: str) -> None:
    """Raise what PyTorch raises for a picture that is too small: the model catches it."""
    for length, *amounts in zip(lengths, before, after, strict=True):
        for amount in amounts:
            if not current().truth(amount < length if mode == "reflect" else amount <= length):
                raise RuntimeError(f"{mode} padding by {amount} does not fit a length of {length}")


def short_lengths(x: Tensor, numbers: list[int]) -> Tensor:
    """The same tensor with lengths that are symbols, or multiples of one; see `operators/renamed.py`."""
    x = renamed(x, numbers)
    for length in x.shape:
        alone(length)
    return x


def alone(length: Any) -> Any:
    """The symbol that a length is a multiple of: a step that PyTorch remembers, for formulas with the symbol alone."""
    factor = int(length.node.expr.as_coeff_Mul()[0]) if is_live(length) else 1
    return length // factor if factor > 1 else length


def simplest(length: Any, before: Any, after: Any) -> Any:
    """`after` in a form that makes a length padded to whole windows a multiple of the window."""
    total = length + before + after
    simpler = rounded_up(length, total, current().known())
    return after if simpler is total else simpler - length - before


def constant(x: Tensor, before: list[Any], after: list[Any], value: Any) -> Tensor:
    """Constant padding: by PyTorch if the value is known, else the value wherever a padded mask is zero."""
    amounts = [n for pair in zip(reversed(before), reversed(after), strict=True) for n in pair]
    if not is_live(value):
        return torch.constant_pad_nd(x, amounts, 0 if value is None else value)
    inside = torch.constant_pad_nd(torch.ones_like(x), amounts, 0)
    return torch.where(inside != 0, torch.constant_pad_nd(x, amounts, 0), scalar(value, x.dtype))


CAPTURE = Capture(functions={F.pad: pad})
