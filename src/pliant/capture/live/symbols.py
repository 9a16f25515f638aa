"""Symbols that a family makes, one per meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast
from weakref import WeakKeyDictionary

import torch
from torch import SymBool, SymInt, Tensor
from torch.fx.experimental.proxy_tensor import get_proxy_mode
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols

from pliant.capture.live.choices import is_live

_known: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()  # by tracer: a symbol belongs to one graph


def any_live(values: Iterable[Any]) -> bool:
    """Whether one of `values` is live, at any depth of lists and tuples."""
    return any(any_live(v) if isinstance(v, (list, tuple)) else is_live(v) for v in values)


def by_value(number: Any) -> bool:
    """Whether a number depends on a live value, and not on lengths alone."""
    return is_live(number) and bool(free_unbacked_symbols(number))


def once(key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
    """What `make` gives, the same for the same `key` within one traced graph.

    Sizes that are computed twice from the same numbers are thereby known to be equal.
    """
    mode = get_proxy_mode()
    if mode is None:
        return make()
    made = _known.setdefault(mode.tracer, {})
    named = tuple(str(part.node.expr) if is_live(part) else repr(part) for part in key)
    if named not in made:
        made[named] = make()
    return made[named]


def scalar(value: Any, dtype: torch.dtype = torch.float64) -> Tensor:
    """A number, live or not, as a 0-d tensor, exactly. A conversion to an integer cuts towards zero."""
    if isinstance(value, SymBool):
        value = torch.sym_ite(value, 1, 0)
    if not is_live(value) or dtype == torch.float64:
        return torch.scalar_tensor(cast(float, value), dtype=dtype)
    exact = torch.int64 if isinstance(value, SymInt) else torch.float64
    return torch.scalar_tensor(cast(float, value), dtype=exact).to(dtype)


def constant(value: float) -> Any:
    """A float that is known now, in the form of one that is not."""
    return once(("constant", value), lambda: torch.scalar_tensor(value, dtype=torch.float64).item())
