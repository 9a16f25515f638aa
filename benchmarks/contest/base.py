"""What a contender is: one file in `contenders/` or `peers/`, found by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
Run = Callable[[Array], Array]
FACTOR = 4
ROOT = Path(__file__).parents[2]


class UnavailableError(Exception):
    """A contender cannot run here; the text says why, and how to get it."""


@dataclass(frozen=True)
class Contender:
    """A way to upscale by 4.

    `open` gets the files of the network by name (see `benchmarks.contest.networks`) and returns what is timed: a
    function from picture to picture, as its family says, whose result the caller owns. It raises UnavailableError if
    that cannot be had here. `order` is the place in the tables. `mine` says that it is pliant, `reference` that the
    others are compared with it. `apart` says that it runs in the environment of the peers. `memory` is how many bytes
    it may need for each pixel of a result: it does not run where those are not free.
    """

    title: str
    open: Callable[[Mapping[str, str]], Run]
    order: int
    mine: bool = False
    reference: bool = False
    apart: bool = False
    memory: int = 700
