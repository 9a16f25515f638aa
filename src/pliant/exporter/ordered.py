"""Sorting as the file sorts: equal values in the order in which they stand.

`torch.sort` leaves that order open unless `stable=True` is asked for, and on a processor with AVX-512 it differs from
one length to the next. A model that groups pixels by their order is then right in more than one way; the file is
compared with the way that every machine can repeat.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class StableSorting(TorchFunctionMode):
    """Within the block, `torch.sort` and `torch.argsort` keep the order of equal values."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        kwargs = dict(kwargs or {})
        if func in (torch.sort, Tensor.sort, torch.argsort, Tensor.argsort) and "out" not in kwargs:
            x, *rest = args
            named = dict(zip(("dim", "descending"), rest, strict=False)) if len(rest) <= 2 else None
            if named is not None and not any(isinstance(n, (bool, str)) for n in rest[:1]):
                return func(x, **{**named, **kwargs, "stable": True})
        return func(*args, **kwargs)
