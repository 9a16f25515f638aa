"""What the file is compared with: the module in eager PyTorch, and the same in double precision.

Some networks multiply rounding errors: a normalisation over two numbers that are nearly the same, say. There PyTorch's
own float32 result is far from the true one, and a file that is about as far from it is not wrong.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from pliant.capture.restoring import unchanged
from pliant.exporter.alone import suitable_threads
from pliant.exporter.ordered import StableSorting
from pliant.exporter.signature import Signature
from pliant.verifier.cases import Case

Reference = Callable[[Case], list[NDArray[Any]]]
EXPLAINED = 2.0  # times what rounding does to PyTorch's own result
NEIGHBOURS = 3


def eager(module: nn.Module, signature: Signature) -> Reference:
    """The module as a function of a case, each from the same state. What the module raises passes through."""
    changes: bool | None = None  # whether the module changes its weights, which its first run tells

    def run(case: Case) -> list[NDArray[Any]]:
        nonlocal changes
        with unchanged(module, contents=changes is not False) as changed:
            result = once(case)
        changes = bool(changed) if changes is None else changes
        return result

    def once(case: Case) -> list[NDArray[Any]]:
        tensors = [torch.from_numpy(np.array(array)) for array in case.arrays.values()]  # copies, which it may change
        given = [t.item() if leaf.number else t for t, leaf in zip(tensors, signature.leaves, strict=True)]
        args, kwargs = signature.assemble(given)
        with torch.no_grad(), suitable_threads(tensors), StableSorting():
            results = pytree.tree_leaves(module(*args, **kwargs))
        return [r.numpy() if isinstance(r, Tensor) else np.asarray(r) for r in results if r is not None]

    return run


def in_double(module: nn.Module, signature: Signature) -> Reference:
    """The module with weights and inputs in double precision. It may raise anything: few modules are made for that."""

    def run(case: Case) -> list[NDArray[Any]]:
        twin = copy.deepcopy(module).double()
        doubled = {n: a.astype(np.float64) if a.dtype == np.float32 else a for n, a in case.arrays.items()}
        return eager(twin, signature)(Case(case.label, doubled))

    return run


def rounding_alone(
    eager: Reference, exact: Reference, case: Case, got: Sequence[NDArray[Any]], expected: Sequence[NDArray[Any]]
) -> float:
    """How far rounding takes PyTorch's own result, if that explains how far the file's is from it; else 0.

    Measured are double precision, and inputs that differ in their last bit. The mean has to fit as well as the largest
    difference: where a network decides, one pixel that falls to the other side says nothing about the rest.
    """
    if [a.shape for a in got] != [a.shape for a in expected]:
        return 0.0
    others = [result for result in (_result(exact, case), *(_result(eager, c) for c in _nearly(case))) if result]
    worst = 0.0
    for k, (mine, theirs) in enumerate(zip(got, expected, strict=True)):
        if theirs.dtype.kind != "f":
            if not np.array_equal(mine, theirs):
                return 0.0
            continue
        largest, typical = np.max([_distances(other[k], theirs) for other in others], axis=0, initial=0.0)
        if not all(np.array(_distances(mine, theirs)) <= EXPLAINED * np.array((largest, typical))):
            return 0.0
        worst = max(worst, float(largest))
    return worst


def _distances(a: NDArray[Any], b: NDArray[Any]) -> tuple[float, float]:
    """The largest and the mean difference; infinite for different shapes."""
    if a.shape != b.shape:
        return float("inf"), float("inf")
    difference = np.abs(a.astype(np.float64) - b.astype(np.float64))
    return float(difference.max()), float(difference.mean())


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
