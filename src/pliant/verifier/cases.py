"""Inputs to verify a model on, drawn from its contract: other sizes, other values, than it was exported with.

Sizes are odd and not square, and one is a single pixel; values make height times factor no whole number.
Which of them a model accepts only the model can say: what eager PyTorch refuses is no case.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Contract, Dim, Input

# (height, width) as steps from the lengths of the example: one that is near, and those for models that refuse small
# pictures; the last ones are multiples of what window-based networks ask for.
NEAR = (3, 10)
FURTHER = ((-3, 5), (7, -5), (1, 2), (2, 6), (4, 12), (8, 24), (16, 32), (32, 64), (64, 128))
PIXELS = ((1, 1), (5, 1), (31, 13))
# small pictures show what large ones do, in a fraction of the time; in two, only one side is a multiple of a window,
# and one is larger than what networks pad small pictures to
FEW = ((22, 36), (17, 31), (16, 35), (27, 16), (26, 19), (66, 34), (20, 28))
FIRST = 2 + len(PIXELS) + len(FEW)  # sizes that any model is tried at
ENOUGH = 6  # sizes that a model accepts; as long as there are fewer, further ones are tried
THUMBNAIL = 256  # pixels
SMALL = (5, 3)  # sides of a picture for a value that enlarges it much
FLOATS = (1.3, 1.7, 2.5, 2.0, 3.0, 0.5)
MOST_ELEMENTS = 2**15  # of a drawn size, batch apart, unless the example is larger: volumes and factors add up
BOUNDED = 8.0  # above this multiple of its example a value is tried on small pictures: results grow with its square
LARGEST = 2**24  # pixels of a result; what would be larger is not tried


@dataclass(frozen=True)
class Case:
    """Named arrays for one run, in the order of the contract's inputs, and a label for messages."""

    label: str
    arrays: dict[str, NDArray[np.generic]]


def sizes(contract: Contract, example: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Lengths of the live dims, beginning with those of the example; all within the contract's bounds, all different.

    The first FIRST are for every model, the others for models that refuse many of those.
    """
    names = list(example)
    batch = [n for n in names if _axis(contract, n) == 0]
    others = [n for n in names if n not in batch]
    most = max(2 * math.prod(example[n] for n in others), MOST_ELEMENTS)
    yield dict(example)
    near, *further = ({n: example[n] + pair[k % 2] for k, n in enumerate(others)} for pair in (NEAR, *FURTHER))
    small = [{n: pair[k % 2] for k, n in enumerate(others)} for pair in (*PIXELS, *FEW)]
    seen = [dict(example)]
    for k, lengths in enumerate([near, *small, *further] if others else [{}]):
        three = 3 if math.prod(lengths.values()) <= THUMBNAIL else 1  # of larger ones two are enough
        drawn = {**lengths, **dict.fromkeys(batch, (1, three, 2)[k % 3])}
        lifted = {n: _fit(contract, n, drawn[n]) for n in names}
        if math.prod(lifted[n] for n in others) <= most and lifted not in seen:
            seen.append(lifted)
            yield lifted


def values(entry: Input) -> list[tuple[float, ...]]:
    """Elements for a live value that any size may go with, the example first; all within its range, all different."""
    base = entry.example
    if _whole(entry):
        drawn = [base, *(tuple(v + step for v in base) for step in (1, -1, 2, 5))]
    else:
        drawn = [base, *(tuple(f if 1 <= v <= BOUNDED else v * f / 2 for v in base) for f in FLOATS)]
    positive = [d for d in drawn if not _whole(entry) or min(d, default=0) >= 0]
    return _allowed(entry, positive) or [base]


def edges(entry: Input) -> list[tuple[float, ...]]:
    """The ends of a declared range, and small, zero and negative elements where the range has them.

    Nothing that `values` has. From large to small: where the file stops being right, the last one was.
    """
    low, high = entry.values.minimum, entry.values.maximum
    middle = (2, 1, 0, -1) if _whole(entry) else (0.0, -max(entry.example, default=0.0) / 2)
    numbers = [*(bound for bound in (low, high) if bound is not None and math.isfinite(bound)), *middle]
    whole = [n for n in numbers if not _whole(entry) or n == int(n)]
    drawn = [tuple(float(n) for _ in entry.example) for n in sorted({n + 0.0 for n in whole}, reverse=True)]
    known = set(values(entry))
    return [d for d in _allowed(entry, drawn) if d not in known]


def around(entry: Input, constants: Iterable[float]) -> list[tuple[float, ...]]:
    """Elements just below, at and just above constants that a model compares with; all within the range.

    The nearest whole numbers, or 1.5e-5 of the constant away: float32 can still tell that from the constant.
    """
    drawn: list[tuple[float, ...]] = []
    for constant in constants:
        near = math.floor(constant) if _whole(entry) else constant
        step = 1 if _whole(entry) else max(abs(constant), 1e-3) * 2.0**-16
        drawn += [tuple(near + k * step for _ in entry.example) for k in (-1, 0, 1)]
    return _allowed(entry, drawn)


def disagreements(entry: Input, most: int = 2) -> list[tuple[tuple[float, ...], tuple[int, ...]]]:
    """(elements, lengths) where PyTorch, in double, and a graph disagree about floor(length * factor).

    The elements are all the factor; the graph has the product in float32, or the factor: 10 * 1.3 is one of the pairs.
    Empty for whole numbers. A value of dtype float32 is what the caller's number rounds to, widened.
    """
    if _whole(entry) or entry.dtype not in ("float32", "float64"):
        return []
    found: list[tuple[float, tuple[int, ...]]] = []
    lengths = np.arange(6, 64)
    for factor in (n / 10 for n in range(3, 41)):
        given = float(np.float32(factor)) if entry.dtype == "float32" else factor
        right = np.floor(lengths * given)
        product_in_single = np.floor(lengths.astype(np.float32) * np.float32(factor))
        factor_in_single = np.floor(lengths * float(np.float32(factor)))
        off = [int(wrong[0]) for s in (product_in_single, factor_in_single) if (wrong := lengths[s != right]).size]
        if off and entry.values.contains(given):
            found.append((factor, tuple(dict.fromkeys(off))))
    base = max(entry.example, default=0.0)
    nearest = sorted(found, key=lambda pair: abs(pair[0] - base))[:most] if entry.example else []
    return [(e, pair) for f, pair in nearest for e in _allowed(entry, [tuple(f for _ in entry.example)])]


def _whole(entry: Input) -> bool:
    return entry.dtype.startswith(("int", "uint"))


def _allowed(entry: Input, drawn: Iterable[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """Those within the range, each once. A 1 in a vector, as in the scales (1, 1, f, f), is there to stay."""
    base = entry.example
    least, most = -math.inf, math.inf
    if _whole(entry):
        least, most = np.iinfo(entry.dtype).min, np.iinfo(entry.dtype).max
    kept = [tuple(b if b == 1 and len(base) > 1 else v for v, b in zip(d, base, strict=True)) for d in drawn]
    fitting = (d for d in kept if all(entry.values.contains(v) and least <= v <= most for v in d))
    return list(dict.fromkeys(fitting))


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


def room(
    contract: Contract, example: Mapping[str, int], entry: Input, elements: tuple[float, ...]
) -> dict[str, int] | None:
    """Lengths at which a value can be tried: the example's, small ones for a large value, None for a huge one."""
    largest = max((abs(v) for v in elements), default=0.0)
    if largest <= BOUNDED * max(1.0, *(abs(v) for v in entry.example)):
        return dict(example)
    lengths = at(contract, example, SMALL)
    return lengths if math.prod(lengths.values()) * largest**2 <= LARGEST else None


def at(contract: Contract, example: Mapping[str, int], pair: tuple[int, ...]) -> dict[str, int]:
    """The lengths in `pair`, in turn, for all live axes but the batch, moved into the bounds of the contract."""
    others = [n for n in example if _axis(contract, n) != 0]
    drawn = {n: _fit(contract, n, pair[k % len(pair)]) for k, n in enumerate(others)}
    return {n: drawn.get(n, length) for n, length in example.items()}


def _fit(contract: Contract, name: str, length: int) -> int:
    return fitted(next(d for entry in contract.inputs for d in entry.dims if d.name == name), length)


def fitted(dim: Dim, length: int) -> int:
    """`length` moved into the bounds and onto the multiple of a live dim."""
    length = max(length, dim.minimum, 1)
    if dim.maximum is not None:
        length = min(length, dim.maximum)
    fitted = max(dim.multiple, length // dim.multiple * dim.multiple)
    return fitted if fitted >= dim.minimum else fitted + dim.multiple
