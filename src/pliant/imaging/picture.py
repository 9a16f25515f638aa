"""Upscaling a picture that is an array: grey, colour, transparency, 8 and 16 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.imaging.alpha import bound, fill_hidden
from pliant.imaging.network import Network
from pliant.imaging.pixels import to_levels, to_network
from pliant.imaging.sizes import Plan

Array = NDArray[Any]


def upscale_array(network: Network, pixels: Array, plan: Plan) -> Array:
    """The picture at the planned size, in the same number of channels and the same dtype.

    `pixels` is uint8 or uint16 [h, w, c], its size being `plan.source`: grey, grey and alpha, RGB, or RGB and
    alpha (not premultiplied). The alpha goes through the network too; colours hidden by it do not.
    """
    channels = pixels.shape[2]
    if channels in (1, 3):
        return _upscaled(network, pixels, plan)
    colour, alpha = pixels[..., :-1], pixels[..., -1:]
    if (alpha == alpha[0, 0]).all():
        result = _upscaled(network, colour, plan)
        return np.dstack([result, np.full_like(result[..., :1], alpha[0, 0])])
    result = _upscaled(network, fill_hidden(colour, alpha[..., 0]), plan)
    soft = _upscaled(network, alpha, plan)
    return np.dstack([result, bound(soft[..., 0], alpha[..., 0])])


def _upscaled(network: Network, pixels: Array, plan: Plan) -> Array:
    """Grey [h, w, 1] or RGB [h, w, 3], whichever of them the network takes."""
    grey, network_grey = pixels.shape[2] == 1, network.image.colours == "GREY"
    if grey and not network_grey:
        values = _computed(network, pixels.repeat(3, axis=2), plan).mean(axis=1, keepdims=True)
    elif network_grey and not grey:
        values = np.concatenate([_computed(network, pixels[..., c : c + 1], plan) for c in range(3)], axis=1)
    else:
        values = _computed(network, pixels, plan)
    return to_levels(values, network.image, pixels.dtype)


def _computed(network: Network, pixels: Array, plan: Plan) -> Array:
    values = network(to_network(pixels, network.image), plan.factor)
    width, height = plan.result
    if plan.computed == plan.result and 0 <= values.shape[2] - height <= 1 and 0 <= values.shape[3] - width <= 1:
        return values[:, :, :height, :width]  # a foreign model may round up where floor is meant
    return resized(values, width, height)


def resized(values: Array, width: int, height: int) -> Array:
    """float32 [1, c, h, w] resized to float32 [1, c, height, width] with an antialiasing Lanczos filter."""
    from PIL import Image

    filtered = [
        Image.fromarray(np.ascontiguousarray(channel)).resize((width, height), Image.Resampling.LANCZOS)
        for channel in values[0]
    ]
    return np.stack([np.asarray(channel) for channel in filtered])[None]
