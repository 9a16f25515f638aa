"""A picture that is an array on its way through a network: grey, colour, transparency, 8 and 16 bits, floats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Image
from pliant.imaging.alpha import beneath, bound, fill_hidden
from pliant.imaging.finite import finite
from pliant.imaging.network import Network
from pliant.imaging.pixels import to_levels, to_network
from pliant.imaging.resample import reduced, resized
from pliant.imaging.sizes import Plan

Array = NDArray[Any]
Compute = Callable[[Array], Array]  # network values [1, c, h, w] of a picture to those of its result


@dataclass(frozen=True)
class Part:
    """Which pixels of a picture a result is of: `rows` and `columns`, as slices of either, of the source and result.

    `sizes` are (rows, columns) of the whole source and the whole result.
    """

    source: tuple[slice, slice]
    result: tuple[slice, slice]
    sizes: tuple[tuple[int, int], tuple[int, int]]


class Prepared:
    """Levels of a picture as a network may see them.

    `pixels` is uint8, uint16 or float32 [h, w, c]: grey, grey and alpha, RGB, or RGB and alpha (not premultiplied). The
    alpha goes through the network too, or is resized if `alpha` is "resize"; colours hidden by it do not.

    Floats go from 0 to 1 for the network; where the colours of a picture go farther, all of them are brought into that
    range, and their results back, so that nothing is cut off. `stretched` says whether that is so.
    """

    def __init__(self, pixels: Array, alpha: str = "network") -> None:
        self.size = pixels.shape[:2]
        self.channels, self.dtype = pixels.shape[2], pixels.dtype
        self._alpha = pixels[..., -1:] if self.channels in (2, 4) else None
        self._colour = pixels if self._alpha is None else pixels[..., :-1]
        self._flat = self._alpha is not None and bool((self._alpha == self._alpha[0, 0]).all())
        if self._alpha is not None and not self._flat:
            self._colour = fill_hidden(self._colour, self._alpha[..., 0])
        self._by_network = alpha == "network"
        self._low, self._span = _range(self._colour)

    @property
    def stretched(self) -> bool:
        """Whether floats go beyond 0 and 1."""
        return (self._low, self._span) != (0, 1)

    def middle(self, side: int) -> Prepared:
        """The middle of the picture, of at most `side` pixels on a side."""
        top, left = (max(0, (length - side) // 2) for length in self.size)
        at = slice(top, top + side), slice(left, left + side)
        pixels = self._colour[at] if self._alpha is None else np.dstack([self._colour[at], self._alpha[at]])
        return Prepared(pixels, "network" if self._by_network else "resize")

    def upscaled(self, image: Image, compute: Compute, part: Part) -> Array:
        """Levels of a part of the result, in the channels and the dtype of the picture."""
        colour = self._colour[part.source]
        if self.stretched:
            colour = (colour - self._low) / self._span
        levels = to_levels(_coloured(colour, image, compute), image, self.dtype)
        if self.stretched:
            levels = levels * self._span + self._low
        if self._alpha is None:
            return levels
        if self._flat:
            return np.dstack([levels, np.full_like(levels[..., :1], self._alpha[0, 0])])
        alpha = self._alpha[part.source]
        if self._by_network:
            soft = to_levels(_coloured(alpha, image, compute), image, self.dtype)[..., 0]
        else:
            soft = resized(self._alpha[..., 0], part.sizes[1], part.result)
        return np.dstack([levels, bound(soft, alpha[..., 0], _beneath(part))])


def _range(colour: Array) -> tuple[np.float32, np.float32]:
    """The least value and the span of what the network sees as 0 to 1."""
    if colour.dtype.kind != "f":
        return np.float32(0), np.float32(1)
    low, high = min(0.0, float(colour.min())), max(1.0, float(colour.max()))
    return np.float32(low), np.float32(high - low)


def upscale_array(network: Network, pixels: Array, plan: Plan) -> Array:
    """The picture at the planned size, in the same number of channels and the same dtype, computed in one piece.

    `pixels` are as in `Prepared`, their size being `plan.source`.
    """
    return upscale_whole(network, Prepared(pixels), plan)


def upscale_whole(network: Network, prepared: Prepared, plan: Plan) -> Array:
    """As `upscale_array`."""
    sizes = ((plan.source[1], plan.source[0]), (plan.result[1], plan.result[0]))
    everything = Part((slice(None), slice(None)), (slice(0, sizes[1][0]), slice(0, sizes[1][1])), sizes)
    return prepared.upscaled(network.image, lambda values: _computed(network, values, plan), everything)


def _coloured(levels: Array, image: Image, compute: Compute) -> Array:
    """Values of the result of grey [h, w, 1] or RGB [h, w, 3] levels, whichever of them the network takes."""
    grey, network_grey = levels.shape[2] == 1, image.colours == "GREY"
    if grey and not network_grey:
        return compute(to_network(levels.repeat(3, axis=2), image)).mean(axis=1, keepdims=True)
    if network_grey and not grey:
        return np.concatenate([compute(to_network(levels[..., c : c + 1], image)) for c in range(3)], axis=1)
    return compute(to_network(levels, image))


def _computed(network: Network, values: Array, plan: Plan) -> Array:
    values = network(values, plan.factor)
    width, height = plan.result
    if plan.computed == plan.result and 0 <= values.shape[2] - height <= 1 and 0 <= values.shape[3] - width <= 1:
        return values[:, :, :height, :width]  # a foreign model may round up where floor is meant
    return reduced(finite(values), (height, width))


def _beneath(part: Part) -> tuple[Array, Array]:
    """The rows and columns of the crop that the pixels of the result lie on."""
    rows, columns = (
        beneath(result, before, after) - (crop.start or 0)
        for crop, result, before, after in zip(part.source, part.result, *part.sizes, strict=True)
    )
    return rows, columns
