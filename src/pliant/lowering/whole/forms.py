"""The forms that a network has for one whole factor, on an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.lowering.whole.blocks import PICTURE, RESULT, SIDES, Blocks
from pliant.lowering.whole.geometry import Geometry

if TYPE_CHECKING:
    from pliant.lowering.runtime import Network

SIDE = 40  # pixels of a side of the picture on which a shorter end is compared
END = ".end.onnx"
Compile = Callable[[bytes], "Network"]


@dataclass(frozen=True)
class Shortened:
    """A network with its linear end as one convolution."""

    network: Network

    def __call__(self, picture: Array, real: object = None) -> Array:
        """The result [n, c, h * factor, w * factor] of a picture [n, channels, h, w]; every side is a border."""
        del real
        return self.network({PICTURE: picture})[PICTURE + RESULT]

    def fits(self, height: int, width: int) -> bool:
        """Of any picture."""
        return height > 0 and width > 0


def loaded(files: Mapping[str, bytes], compile_: Compile) -> Blocks | Shortened:
    """The network on an engine. Raises what `compile_` raises."""
    if END in files:
        return Shortened(compile_(files[END]))
    inner, *outer = (compile_(files[f".{name}.onnx"]) for name in ("inner", *SIDES))
    return Blocks(inner, outer, Geometry.from_json(files[".json"]))


def deviation(made: Blocks | Shortened, contract: Contract, ordinary: Callable[[Array], Array]) -> float:
    """How far a result in parts is from that of the network as it is, on noise, as a share of the range.

    Infinite if they have different shapes.
    """
    side = max(2 * max(made.geometry.strips), made.geometry.side) + 7 if isinstance(made, Blocks) else SIDE
    entry = next(i for i in contract.inputs if i.role == "image")
    picture: Array = np.random.default_rng(0).random((1, entry.dims[1].size or 1, side, side + 5), np.float32)
    expected, result = ordinary(picture), made(picture)
    if expected.shape != result.shape:
        return inf
    return float(np.abs(result - expected).max() / max(1.0, np.ptp(expected)))
