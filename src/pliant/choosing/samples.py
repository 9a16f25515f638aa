"""What a model is measured on, made from its contract: a picture of smooth parts, edges and texture, and values."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Contract, Dim, Input

Array = NDArray[Any]
USUAL_FACTOR, BETWEEN = 4.0, 2.5
NOISE = 0.02  # of the range


@dataclass(frozen=True)
class Sample:
    """Arguments of a run; `label` names the factor, "" where there is none."""

    label: str
    feeds: dict[str, Array]


def samples(contract: Contract, side: int) -> list[Sample]:
    """Arguments with pictures of about `side` pixels on a side: at the usual factor, and at one that is not whole.

    Without a live factor there is one sample.
    """
    return [Sample(f"{f:g}" if f else "", _feeds(contract, side, f)) for f in factors(contract)]


def factors(contract: Contract) -> list[float]:
    """4 and 2.5, or the nearest that the model takes; 0 for a model without a live factor."""
    if contract.factor is None:
        return [0.0]
    entry = contract.input(contract.factor)
    low, high = entry.values.minimum, entry.values.maximum
    usual = _within(USUAL_FACTOR, low, high)
    if np.dtype(entry.dtype).kind != "f":
        return [float(round(usual))]
    between = _within(BETWEEN, low, high)
    return [usual] if between == usual else [usual, between]


def _within(value: float, low: float | None, high: float | None) -> float:
    value = value if low is None else max(value, low)
    return value if high is None else min(value, high)


def is_scalable(contract: Contract) -> bool:
    """Whether pictures of several sizes may be given."""
    return any(dim.live and k >= len(i.dims) - 2 for i in contract.inputs for k, dim in enumerate(i.dims))


def _feeds(contract: Contract, side: int, factor: float) -> dict[str, Array]:
    generator = np.random.default_rng(0)
    return {i.name: _argument(i, contract, side, factor, generator) for i in contract.inputs}


def _argument(entry: Input, contract: Contract, side: int, factor: float, generator: np.random.Generator) -> Array:
    picture = entry.role == "image"
    shape = tuple(_length(dim, side if picture and k >= 2 else 1) for k, dim in enumerate(entry.dims))
    if entry.name == contract.factor:
        length = int(np.prod(shape, dtype=np.int64))
        return np.array([*[1.0] * (length - 2), factor, factor][-length:]).reshape(shape).astype(entry.dtype)
    if entry.role == "value" or np.dtype(entry.dtype).kind not in "fu":
        return np.resize(np.asarray(entry.example or [_within(1, *_ends(entry))]), shape).astype(entry.dtype)
    low, high = (contract.image.minimum, contract.image.maximum) if contract.image else (0.0, 1.0)
    content = scene(shape, generator) if picture and len(shape) == 4 else generator.random(shape)
    return (content * (high - low) + low).astype(entry.dtype)


def _ends(entry: Input) -> tuple[float | None, float | None]:
    return entry.values.minimum, entry.values.maximum


def _length(dim: Dim, wanted: int) -> int:
    """`wanted`, or the nearest that the dim allows."""
    if dim.size is not None:
        return dim.size
    most = wanted if dim.maximum is None else min(wanted, dim.maximum)
    least = max(most, dim.minimum)
    down = least - least % dim.multiple
    return down if down >= dim.minimum and down > 0 else down + dim.multiple


def scene(shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """A picture [n, c, h, w] in [0, 1]: waves whose height falls with their frequency, edges, and a little noise.

    Photographs have such spectra; plain noise would overstate what a lower precision costs.
    """
    height, width = shape[2:]
    rows, columns = np.mgrid[:height, :width] / max(height, width)
    picture = np.zeros(shape)
    for octave in range(1, 6):
        for _ in range(3):
            angle, phase = generator.random(2) * 2 * np.pi
            wave = np.sin(2 * np.pi * 2**octave * (rows * np.cos(angle) + columns * np.sin(angle)) + phase)
            picture += wave * generator.uniform(0.2, 1, (1, shape[1], 1, 1)) / 2**octave
    for _ in range(6):  # rectangles, some of them cut by the frame
        top, left = (floor(generator.uniform(-0.2, 0.9) * side) for side in (height, width))
        at = (slice(max(0, top), top + height // 3 + 1), slice(max(0, left), left + width // 4 + 1))
        picture[(..., *at)] += generator.uniform(-1, 1, (1, shape[1], 1, 1))
    picture = 0.5 + picture * 0.2 + generator.normal(0, NOISE, shape)
    return np.clip(picture, 0, 1)
