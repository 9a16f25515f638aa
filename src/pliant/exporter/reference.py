"""What the file is compared with: the module in eager PyTorch, and the same in double precision.

Some networks multiply rounding errors: a normalisation over two numbers that are nearly the same, say. There PyTorch's
own float32 result is far from the true one, and a file that is about as far from it is not wrong.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from pliant.capture.restoring import unchanged
from pliant.exporter.alone import SMALL, suitable_threads
from pliant.exporter.ordered import StableSorting
from pliant.exporter.signature import Signature
from pliant.verifier.cases import Case

Reference = Callable[[Case], list[NDArray[Any]]]
EXPLAINED = 2.0  # times what rounding does to PyTorch's own result
NEIGHBOURS = 3
SLOW = 0.3  # seconds in one thread


def eager(module: nn.Module, signature: Signature) -> Reference:
    """The module as a function of a case, each from the same state. What the module raises passes through."""
    changes: bool | None = None  # whether the module changes its weights, which its first run tells
    slow = False  # whether one thread takes long, small as the picture may be

    def run(case: Case) -> list[NDArray[Any]]:
        nonlocal changes
        with unchanged(module, contents=changes is not False) as changed:
            result = once(case)
        changes = bool(changed) if changes is None else changes
        return result

    def once(case: Case) -> list[NDArray[Any]]:
        nonlocal slow
        tensors = [torch.from_numpy(np.array(array)) for array in case.arrays.values()]  # copies, which it may change
        given = [t.item() if leaf.number else t for t, leaf in zip(tensors, signature.leaves, strict=True)]
        args, kwargs = signature.assemble(given)
        begun = time.monotonic()
        with torch.no_grad(), nullcontext() if slow else suitable_threads(tensors), StableSorting():
            results = pytree.tree_leaves(module(*args, **kwargs))
        slow = slow or time.monotonic() - begun > SLOW
        return [r.numpy() if isinstance(r, Tensor) else np.asarray(r) for r in results if r is not None]

    return run


def threads_for(reference: Reference, case: Case) -> int | None:
    """One thread for small inputs, unless the model works on them for long; None is as many as there are cores."""
    if sum(array.size for array in case.arrays.values()) > SMALL:
        return None
    begun = time.monotonic()
    _result(reference, case)
    return None if time.monotonic() - begun > SLOW else 1


class _Doubled(TorchFunctionMode):
    """Within the block, whatever asks for float32 gets float64: `x.float()`, `x.to(torch.float32)`, `dtype=`."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        args, kwargs = pytree.tree_map(_wider, (args, dict(kwargs or {})))
        return (Tensor.double if func is Tensor.float else func)(*args, **kwargs)


def _wider(value: Any) -> Any:
    return torch.float64 if value is torch.float32 else value


def in_double(module: nn.Module, signature: Signature) -> Reference:
    """The module with weights and inputs in double precision. It may raise anything: few modules are made for that."""

    def run(case: Case) -> list[NDArray[Any]]:
        twin = copy.deepcopy(module).double()
        doubled = {n: a.astype(np.float64) if a.dtype == np.float32 else a for n, a in case.arrays.items()}
        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            with _Doubled():
                return eager(twin, signature)(Case(case.label, doubled))
        finally:
            torch.set_default_dtype(usual)

    return run


def rounding_alone(
    eager: Reference, exact: Reference, case: Case, got: Sequence[NDArray[Any]], expected: Sequence[NDArray[Any]]
) -> float:
    """How far rounding takes PyTorch's own result, if that explains how far the file's is from it; else 0.

    Measured are inputs that differ in their last bit, then double precision, which takes longer. The mean has to fit as
    well as the largest difference: where a network decides, one pixel that falls to the other side says nothing about
    the rest.
    """
    found = _distances(got, expected)
    if found is None:
        return 0.0
    measured = np.zeros_like(found)
    for reference, near in (*((eager, near) for near in _nearly(case)), (exact, case)):
        distances = _distances(_result(reference, near), expected)
        measured = measured if distances is None else np.maximum(measured, distances)
        if np.all(found <= EXPLAINED * measured):
            return float(measured.max())
    return 0.0


def _distances(a: Sequence[NDArray[Any]], b: Sequence[NDArray[Any]]) -> NDArray[np.float64] | None:
    """The largest and the mean difference of each output; None if shapes differ, or whole numbers."""
    if [x.shape for x in a] != [y.shape for y in b]:
        return None
    if any(y.dtype.kind != "f" and not np.array_equal(x, y) for x, y in zip(a, b, strict=True)):
        return None
    differences = [np.abs(x.astype(np.float64) - y.astype(np.float64)) for x, y in zip(a, b, strict=True)]
    return np.array([(d.max(initial=0.0), d.sum() / max(1, d.size)) for d in differences])


def _result(reference: Reference, case: Case) -> list[NDArray[Any]]:
    """What `reference` gives, or nothing where it fails: few modules are made for double precision."""
    try:
        return reference(case)
    except Exception:  # noqa: BLE001 - this shows nothing then
        return []


def _nearly(case: Case) -> Iterator[Case]:
    """The case with every number of its pictures moved by one unit in the last place."""
    for seed in range(NEIGHBOURS):
        random = np.random.default_rng(seed)
        moved = dict(case.arrays)
        for name, array in case.arrays.items():
            if array.dtype == np.float32 and array.ndim > 1:
                moved[name] = np.nextafter(array, random.choice([-np.inf, np.inf], array.shape).astype(np.float32))
        yield Case(case.label, moved)
