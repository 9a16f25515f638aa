"""A batch for an engine that works on one picture: each by itself, where no result mixes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.engines.base import Backend


@dataclass(frozen=True)
class Plan:
    """Which inputs are cut into single pictures, and which outputs are joined again; by name."""

    inputs: frozenset[str]
    outputs: tuple[bool, ...]


def one_sample(model: bytes, contract: Contract) -> tuple[bytes, Plan | None]:
    return model, None


class Samples:
    def __init__(self, inner: Backend, plan: Plan | None) -> None:
        self._inner, self._plan = inner, plan

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        return self._inner.run(feeds)

    def close(self) -> None:
        self._inner.close()
