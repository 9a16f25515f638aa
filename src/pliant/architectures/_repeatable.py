"""Networks that draw random numbers at every call, so that one file gives one result for one picture.

What a network adds to its input or multiplies it by is replaced by its mean; what selects one of many results is drawn
once, from a fixed seed, and stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Call = Callable[..., Tensor]
SEED = 0


class Averaged(TorchFunctionMode):
    """Within the block `torch.randn_like` gives zeros, and dropout its argument: the mean of both."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        if func is torch.randn_like:
            return torch.zeros_like(args[0])
        return args[0] if func is F.dropout else func(*args, **(kwargs or {}))


def drawn(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Standard normal numbers, always the same."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(SEED), dtype=dtype)


def stored_noise(network: nn.Module) -> Call:
    """GFPGAN has noise stored beside its weights, for those who do not want new noise at every call."""
    del network

    def call(network: Any, image: Tensor) -> Tensor:
        return network(image, randomize_noise=False)[0]

    return call


def one_style(network: Any) -> Call:
    """AuraSR adds weak noise to its input, and draws the vector that its style is made of."""
    vector = drawn(1, network.style_network.dim_in)

    def call(network: Any, image: Tensor) -> Tensor:
        with Averaged():
            return network(image, noise=vector.expand(image.shape[0], -1))

    return call


def one_latent(network: Any) -> Call:
    """MAT draws its latent vector when it is built, the weights file has none, and drops features out at every call."""
    network.z = drawn(1, network.model.z_dim, dtype=torch.float64)

    def call(network: Any, image: Tensor, mask: Tensor) -> Tensor:
        with Averaged():
            return network(image, mask)

    return call


@dataclass(frozen=True)
class Repeatable:
    """`call` gets a loaded network and answers how to call it; `note` tells the users of the file."""

    call: Callable[[Any], Call]
    note: str


RANDOM = "The network draws random numbers at every call; this file has "
REPEATABLE = {
    "AuraSR": Repeatable(one_style, RANDOM + "the mean of its noise, and one style."),
    "GFPGAN": Repeatable(stored_noise, RANDOM + "the noise that is stored with its weights."),
    "MAT": Repeatable(one_latent, RANDOM + "the mean of its dropout, and one latent vector."),
}
"""By the name of the architecture."""
