"""Cases to try an export on: sizes and values from the contract, data like the example's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from pliant.contract import Contract
from pliant.exporter.signature import Signature
from pliant.verifier.cases import Case, at, disagreements, fill, sizes, values


def sized(contract: Contract, signature: Signature) -> Iterator[Case]:
    """Every size, with a rotating choice of values."""
    tried = choices(contract)
    for k, lengths in enumerate(sizes(contract, example_lengths(contract, signature))):
        yield realistic(fill(contract, lengths, {n: c[k % len(c)] for n, c in tried.items()}, seed=k), signature)


def choices(contract: Contract) -> dict[str, list[tuple[float, ...]]]:
    """Elements to try, by the name of a live value."""
    return {entry.name: values(entry) for entry in contract.inputs if entry.role == "value"}


def disagreeing(contract: Contract, signature: Signature) -> Iterator[Case]:
    """Lengths and values whose product float32 gets wrong."""
    example = example_lengths(contract, signature)
    tried = choices(contract)
    for entry in contract.inputs if example else ():
        for elements, pair in disagreements(entry) if entry.role == "value" else ():
            chosen = {n: c[0] for n, c in tried.items()} | {entry.name: elements}
            lengths = at(contract, example, pair)
            yield realistic(fill(contract, lengths, chosen, seed=50), signature)


def realistic(case: Case, signature: Signature) -> Case:
    """Random data in the range of the example where that is not [0, 1], and the example's whole numbers."""
    arrays = dict(case.arrays)
    for entry, leaf in zip(signature.inputs, signature.leaves, strict=True):
        if entry.role == "value" or leaf.example.dtype == torch.bool or not leaf.example.numel():
            continue
        low, high = float(leaf.example.min()), float(leaf.example.max())
        if low >= 0 and high <= 1 and leaf.example.is_floating_point():
            continue
        unit = np.random.default_rng(len(case.label)).random(arrays[entry.name].shape)
        spread = high - low + (0 if leaf.example.is_floating_point() else 1)
        arrays[entry.name] = (low + unit * spread).astype(entry.dtype)
    return Case(case.label, arrays)


def example_lengths(contract: Contract, signature: Signature) -> dict[str, int]:
    """The lengths of the example by the name of a live dim."""
    lengths: dict[str, int] = {}
    for entry, leaf in zip(contract.inputs, signature.leaves, strict=True):
        for dim, length in zip(entry.dims, leaf.example.shape, strict=True):
            if dim.name is not None:
                lengths.setdefault(dim.name, length)
    return lengths
