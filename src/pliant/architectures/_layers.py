"""What the tensors in a weights file tell about a network.

The same network is published under many names (`first_part.0`, `conv_1`, `feature_extraction.0`); the shapes are its
own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

GREYS = (0.3, 0.5, 0.7)


def difference(state: Mapping[str, Tensor], network: Callable[[], nn.Module]) -> str:
    """What keeps `state` from being the weights of the network, as a phrase; empty if names and shapes are the same."""
    try:
        with torch.device("meta"):
            expected = {name: tuple(tensor.shape) for name, tensor in network().state_dict().items()}
    except ValueError as error:  # groups that do not divide the channels, for example
        return str(error)
    if missing := [name for name in expected if name not in state]:
        return f"no {', '.join(missing[:3])}"
    if extra := [name for name in state if name not in expected]:
        return f"{extra[0]} is not part of it"
    wrong = [name for name, shape in expected.items() if tuple(state[name].shape) != shape]
    return f"{wrong[0]} has shape {tuple(state[wrong[0]].shape)}, not {expected[wrong[0]]}" if wrong else ""


@torch.no_grad()
def unevenness(network: nn.Module, channels: int, reach: int) -> float:
    """How far the results for flat pictures are from these pictures, at most, in [0, 1].

    A trained network leaves a flat picture as it is; with a wrong scale, or in a wrong range of values, it cannot. Only
    the pixels are counted that become of the one in the middle, `reach` pixels from the border.
    """
    side = 2 * reach + 1
    flat = torch.tensor(GREYS)[:, None, None, None].expand(-1, channels, side, side)
    result = network(flat)
    scale = result.shape[-1] // side
    middle = slice(reach * scale, (reach + 1) * scale)
    return float((result[..., middle, middle] - flat[..., :1, :1]).abs().max())


@dataclass(frozen=True)
class Layer:
    """The tensors of one layer: a convolution, or a PReLU, which has no bias and a weight of rank 1."""

    name: str
    weight: Tensor
    bias: Tensor | None

    @property
    def slope(self) -> bool:
        """Whether this is a PReLU."""
        return self.weight.dim() == 1 and self.bias is None

    @property
    def odd(self) -> int:
        """The side of a square kernel of odd size; 0 for all else."""
        if self.weight.dim() != 4 or self.bias is None:
            return 0
        height, width = self.weight.shape[2:]
        return height if height == width and height % 2 else 0


def chain(state: Mapping[str, Tensor], words: Sequence[str]) -> list[Layer]:
    """The layers in the order of the network; empty if a tensor is neither a weight nor the bias beside one.

    Layers whose names begin with one of `words` (regular expressions) are ordered by these and then by the numbers in
    their names, because a safetensors file is sorted by the alphabet; other names stand in the order of the file.
    """
    names = [name.removesuffix(".weight") for name in state if name.endswith(".weight")]
    biases = {name for name in names if f"{name}.bias" in state}
    if len(names) + len(biases) != len(state):
        return []
    ranks = {name: next((k for k, word in enumerate(words) if re.match(rf"{word}(\.|$)", name)), -1) for name in names}
    if -1 not in ranks.values():
        names.sort(key=lambda name: (ranks[name], [int(number) for number in re.findall(r"\d+", name)]))
    return [Layer(name, state[f"{name}.weight"], state.get(f"{name}.bias")) for name in names]


def fill(network: nn.Module, layers: Sequence[Layer]) -> None:
    """Put the tensors of `layers` into the layers of `network`, one after the other; their shapes fit."""
    own = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.PReLU)]
    for module, layer in zip(own, layers, strict=True):
        bias = {} if layer.bias is None else {"bias": layer.bias}
        module.load_state_dict({"weight": layer.weight, **bias})
