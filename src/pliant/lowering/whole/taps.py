"""A resize by a whole factor as what it is: for each place within a pixel, a fixed weighted sum of its neighbours.

With the factor k, result pixel k * i + p lies at i + (p + 0.5) / k - 0.5 on the source, whatever i is.

Sources: ATen/native/UpSample.h of PyTorch for positions and cubic weights; the specification of Resize in ONNX.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.dialect import key_of

Array = NDArray[Any]
MODES = {"bicubic": "cubic", "bilinear": "linear", "nearest": "nearest", "nearest-exact": "nearest"}
PYTORCH_CUBIC = -0.75
HALF_PIXEL = ("half_pixel", "pytorch_half_pixel")


@dataclass(frozen=True)
class Upsampling:
    """Height and width `factor` times as long. `mode` is "cubic", with the coefficient `a`, "linear" or "nearest"."""

    mode: str
    factor: int
    a: float = PYTORCH_CUBIC

    def taps(self) -> tuple[Array, int]:
        """float64 [factor, m] and an offset: result pixel factor * i + p is the sum of [p, t] * x[i + offset + t]."""
        found = [self._at(p) for p in range(self.factor)]
        first = min(start for start, _ in found)
        last = max(start + len(weights) for start, weights in found)
        table = np.zeros((self.factor, last - first))
        for p, (start, weights) in enumerate(found):
            table[p, start - first : start - first + len(weights)] += weights
        return table, first

    def reach(self) -> tuple[int, int, int, int]:
        """How many pixels of the source around its own a result pixel reads, at the top, left, bottom and right."""
        table, first = self.taps()
        before, behind = max(0, -first), max(0, first + table.shape[1] - 1)
        return before, before, behind, behind

    def _at(self, p: int) -> tuple[int, list[float]]:
        if self.mode == "nearest":
            return 0, [1.0]
        position = (p + 0.5) / self.factor - 0.5
        before = floor(position)
        t = position - before
        if self.mode == "linear":
            return before, [1 - t, t]
        return before - 1, [self._far(1 + t), self._near(t), self._near(1 - t), self._far(2 - t)]

    def _near(self, t: float) -> float:
        return ((self.a + 2) * t - (self.a + 3)) * t * t + 1

    def _far(self, t: float) -> float:
        return ((self.a * t - 5 * self.a) * t + 8 * self.a) * t - 4 * self.a


def upsampling(node: ir.Node) -> Upsampling | None:
    """What a resize node does, if that is enlarging both sides of float32 pictures by one constant whole factor."""
    if node.outputs[0].dtype not in (ir.DataType.FLOAT, None):
        return None
    key = key_of(node)
    if key.startswith("pliant::resize_"):
        return _of_function(node)
    return _of_resize(node) if key == "Resize" else None


def _of_function(node: ir.Node) -> Upsampling | None:
    mode = MODES.get(attribute(node, "mode", ""))
    if mode is None or attribute(node, "align_corners", 0) or attribute(node, "antialias", 0):
        return None
    factor = _whole(array_of(node.inputs[1]), 2)
    return Upsampling(mode, factor) if factor else None


def _of_resize(node: ir.Node) -> Upsampling | None:
    """ONNX's own. With a whole factor all ways of rounding to a neighbour that PyTorch's exporters write are one."""
    mode, place = attribute(node, "mode", "nearest"), attribute(node, "coordinate_transformation_mode", "half_pixel")
    if attribute(node, "antialias", 0) or attribute(node, "exclude_outside", 0) or attribute(node, "axes"):
        return None
    if mode == "nearest":
        rounding = attribute(node, "nearest_mode", "round_prefer_floor")
        if (place, rounding) != ("asymmetric", "floor") and (place not in HALF_PIXEL or "round" not in rounding):
            return None
    elif place not in HALF_PIXEL:
        return None
    given = array_of(node.inputs[2]) if len(node.inputs) > 2 else None
    if given is None or given.shape != (4,) or (given[:2] != 1).any():
        return None
    factor = _whole(given[2:], 2)
    return Upsampling(mode, factor, attribute(node, "cubic_coeff_a", PYTORCH_CUBIC)) if factor else None


def _whole(scales: Array | None, axes: int) -> int | None:
    if scales is None or scales.shape != (axes,) or scales[0] != scales[1]:
        return None
    factor = float(scales[0])
    return int(factor) if factor.is_integer() and factor >= 2 else None
