"""`torch.linspace`, `torch.logspace` and `torch.arange` with numbers that are known only at run time.

`linspace` takes no symbolic number of steps, and `arange` computes its length in float32 once exported. Both are
written here with an integer `arange`, in the order of operations of PyTorch's kernels
(ATen/native/cpu/RangeFactoriesKernel.cpp): `linspace` counts from the nearer end.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import SymFloat

from pliant.capture.base import Capture
from pliant.capture.live.choices import is_live
from pliant.capture.live.numbers import number, to_int
from pliant.capture.live.ranges import spaced
from pliant.capture.live.symbols import any_live, scalar


def linspace(start: Any, end: Any, steps: Any, *, dtype: torch.dtype | None = None, **options: Any) -> Any:
    """`torch.linspace`."""
    start, end = number(start), number(end)
    if not any_live((start, end, steps)) or options.get("out") is not None:
        return NotImplemented
    wanted = dtype or torch.get_default_dtype()
    if wanted.is_floating_point:
        return spaced(start, end, number(steps), wanted)
    return spaced(start, end, number(steps), torch.float64).to(wanted)


def logspace(
    start: Any, end: Any, steps: Any, base: Any = 10.0, *, dtype: torch.dtype | None = None, **options: Any
) -> Any:
    """`torch.logspace`: powers of `base`, computed in double and rounded once."""
    start, end = number(start), number(end)
    if not any_live((start, end, steps, base)) or options.get("out") is not None:
        return NotImplemented
    exponents = spaced(start, end, number(steps), torch.float64)
    return torch.pow(scalar(base), exponents).to(dtype or torch.get_default_dtype())


def arange(*bounds: Any, dtype: torch.dtype | None = None, **named: Any) -> Any:
    """`torch.arange`. Its length is computed in double, or in integers if all bounds are."""
    given = [number(b) for b in bounds]
    start = number(named.get("start", given[0] if len(given) > 1 else 0))
    end = number(named.get("end", given[min(len(given), 2) - 1] if given else 0))
    step = number(named.get("step", given[2] if len(given) > 2 else 1))
    floats = any(isinstance(v, (float, SymFloat)) for v in (start, end, step))
    if not any_live((start, end, step)) or not (floats or is_live(step)) or named.get("out") is not None:
        return NotImplemented
    wanted = dtype or (torch.get_default_dtype() if floats else torch.int64)
    if not wanted.is_floating_point:  # PyTorch converts the bounds first
        start, end, step = (to_int(v) for v in (start, end, step))
    elif isinstance(step, (int, float)) and step == 1 and start == 0 and not isinstance(start, torch.SymFloat):
        return torch.arange(to_int(math.ceil(end))).to(wanted)
    integers = not any(isinstance(v, (float, SymFloat)) for v in (start, end, step))
    length = -((start - end) // step) if integers else to_int(math.ceil((end - start) / step))
    exact = torch.int64 if integers else torch.float64
    return (scalar(start, exact) + scalar(step, exact) * torch.arange(length).to(exact)).to(wanted)


CAPTURE = Capture(functions={torch.linspace: linspace, torch.logspace: logspace, torch.arange: arange})
