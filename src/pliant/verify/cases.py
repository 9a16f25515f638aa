"""Inputs to verify a model on, drawn from its contract: other sizes, other values, than it was exported with.

Sizes are odd and not square, and one is a single pixel; values make height times factor no whole number.
Which of them a model accepts only the model can say: what eager PyTorch refuses is no case.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Contract, Input

# (height, width) as steps from the lengths of the example: small and odd ones first, then multiples of what
# window-based networks ask for.
STEPS = ((3, 10), (-3, 5), (7, -5), (1, 2), (2, 6), (4, 12), (8, 24), (16, 32), (32, 64), (64, 128))
PIXELS = ((1, 1), (5, 1), (31, 13))
FLOATS = (1.3, 1.7, 2.5, 2.0, 3.0, 0.5)
MOST_ELEMENTS = 2**15  # of a drawn size, batch apart, unless the example is larger: volumes and factors add up
BOUNDED = 8.0  # a value is not drawn above this multiple of its example: results grow with its square


@dataclass(frozen=True)
class Case:
    """Named arrays for one run, in the order of the contract's inputs, and a label for messages."""

    label: str
    arrays: dict[str, NDArray[np.generic]]


def sizes(contract: Contract, example: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Lengths of the live dims, beginning with those of the example; all within the contract's bounds."""
    names = list(example)
    batch = [n for n in names if _axis(contract, n) == 0]
    others = [n for n in names if n not in batch]
    most = max(2 * math.prod(example[n] for n in others), MOST_ELEMENTS)
    yield dict(example)
    absolute = [{n: pair[k % 2] for k, n in enumerate(others)} for pair in PIXELS]
    relative = [{n: example[n] + pair[k % 2] for k, n in enumerate(others)} for pair in STEPS]
    for k, lengths in enumerate([*relative, *absolute] if others else [{}]):
        drawn = {**lengths, **dict.fromkeys(batch, (1, 3, 2)[k % 3])}
        lifted = {n: _fit(contract, n, length) for n, length in drawn.items()}
        if math.prod(lifted[n] for n in others) <= most:
            yield {n: lifted[n] for n in names}


def values(entry: Input) -> list[tuple[float, ...]]:
    """Elements for a live value, the example first; all within its range, all different."""
    base = entry.example
    whole = entry.dtype.startswith(("int", "uint"))
    drawn: list[tuple[float, ...]] = [base]
    if whole:
        drawn += [tuple(v if v == 1 and len(base) > 1 else v + step for v in base) for step in (1, -1, 2, 5)]
    else:
        drawn += [tuple(f if 1 <= v <= BOUNDED else v * f / 2 for v in base) for f in FLOATS]
        if len(base) > 1:  # an element of 1 in a vector, as in the scales (1, 1, f, f), is there to stay
            drawn = [tuple(b if b == 1 else v for v, b in zip(d, base, strict=True)) for d in drawn]
    low, high = entry.values.minimum, entry.values.maximum
    for bound in (low, high):
        if bound is not None and base and not _excessive(bound, base) and not (whole and bound != int(bound)):
            drawn.append(tuple(b if b == 1 and len(base) > 1 else bound for b in base))
    allowed = (d for d in drawn if all(entry.values.contains(v) for v in d) and not (whole and min(d, default=0) < 0))
    return list(dict.fromkeys(allowed)) or [base]


def fill(contract: Contract, lengths: Mapping[str, int], chosen: Mapping[str, tuple[float, ...]], seed: int) -> Case:
    """Arrays for these lengths and values; the rest is seeded random data in [0, 1), or small whole numbers."""
    random = np.random.default_rng(seed)
    arrays: dict[str, NDArray[np.generic]] = {}
    for entry in contract.inputs:
        shape = tuple(d.size if d.size is not None else lengths[d.name or ""] for d in entry.dims)
        if entry.name in chosen:
            arrays[entry.name] = np.array(chosen[entry.name], entry.dtype).reshape(shape)
        elif entry.dtype == "bool":
            arrays[entry.name] = np.asarray(random.random(shape) < 0.5)
        elif entry.dtype.startswith(("int", "uint")):
            arrays[entry.name] = random.integers(0, 2, shape).astype(entry.dtype)
        else:
            arrays[entry.name] = random.random(shape).astype(entry.dtype)
    words = [f"{name} = {length}" for name, length in lengths.items()]
    words += [f"{name} = {_show(elements)}" for name, elements in chosen.items()]
    return Case(", ".join(words) or "the example", arrays)


def _show(elements: tuple[float, ...]) -> str:
    return f"{elements[0]:g}" if len(elements) == 1 else "(" + ", ".join(f"{v:g}" for v in elements) + ")"


def _axis(contract: Contract, name: str) -> int:
    return next(axis for entry in contract.inputs for axis, d in enumerate(entry.dims) if d.name == name)


def _excessive(bound: float, base: tuple[float, ...]) -> bool:
    return not math.isfinite(bound) or abs(bound) > BOUNDED * max(1.0, *(abs(v) for v in base))


def _fit(contract: Contract, name: str, length: int) -> int:
    """`length` moved into the bounds and onto the multiple of the live dim `name`."""
    dim = next(d for entry in contract.inputs for d in entry.dims if d.name == name)
    length = max(length, dim.minimum, 1)
    if dim.maximum is not None:
        length = min(length, dim.maximum)
    fitted = max(dim.multiple, length // dim.multiple * dim.multiple)
    return fitted if fitted >= dim.minimum else fitted + dim.multiple
