from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pliant.architectures.rlfn import ARCHITECTURE, LEAST, RLFN
from tests.architectures.export import compare, lively

SHAPES = [(3, 6, 6, 4, 2, 2), (3, 6, 8, 3, 3, 4), (1, 5, 7, 2, 1, 3), (3, 4, 4, 4, 11, 1)]


def small(channels: int, width: int, middle: int, inner: int, blocks: int, scale: int, white: float = 255) -> RLFN:
    torch.manual_seed(0)
    network = lively(RLFN(channels, width, middle, inner, blocks, scale, white))
    assert isinstance(network, RLFN)
    return network


def changed(**change: Tensor | None) -> dict[str, Tensor]:
    """Weights of an RLFN with some tensors replaced, or left out where None."""
    state = dict(small(*SHAPES[0]).state_dict())
    new = {name.replace("__", "."): tensor for name, tensor in change.items()}
    return {name: tensor for name, tensor in {**state, **new}.items() if tensor is not None}


@pytest.mark.parametrize("shape", SHAPES)
def test_load_restores_the_network(shape: tuple[int, int, int, int, int, int]) -> None:
    network = small(*shape)
    assert ARCHITECTURE.detect(network.state_dict()) == ""
    model = ARCHITECTURE.load(network.state_dict(), {})
    picture = torch.rand(2, shape[0], 21, 17)
    with torch.no_grad():
        expected = network(picture).clamp(0, 1)
        result = model.module(picture)
    restored = model.module.network
    assert isinstance(restored, RLFN)
    if restored.white == network.white:
        assert torch.equal(result, expected)
    assert result.shape == (2, shape[0], 21 * shape[-1], 17 * shape[-1])
    assert model.scale == shape[-1]
    assert model.facts is not None
    assert model.facts.minimum == LEAST


def identity(white: float) -> RLFN:
    """A network that copies a picture of the range [0, white], and adds something to any other."""
    network = small(3, 6, 6, 4, 1, 1, white)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        for k in range(3):
            network.conv_1.weight[k, k, 1, 1] = 1
            network.upsampler[0].weight[k, k, 1, 1] = 1
        network.conv_1.bias += white / 2  # taken away again, exactly where the range is the right one
        network.upsampler[0].bias -= white / 2
        network.conv_1.weight *= 0.9
        network.upsampler[0].bias += 0.05 * white
    return network


@pytest.mark.parametrize("white", [1.0, 255.0])
def test_the_range_is_the_one_in_which_flat_pictures_stay(white: float) -> None:
    restored = ARCHITECTURE.load(identity(white).state_dict(), {}).module.network
    assert isinstance(restored, RLFN)
    assert restored.white == white


@pytest.mark.parametrize("size", [(1, 1), (3, 20), (14, 15)])
def test_small_pictures_are_extended_for_the_attention(size: tuple[int, int]) -> None:
    model = ARCHITECTURE.load(small(*SHAPES[0]).state_dict(), {})
    with torch.no_grad():
        assert model.module(torch.rand(1, 3, *size)).shape == (1, 3, 2 * size[0], 2 * size[1])


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({}, "no conv_1.weight"),
        (changed(conv_1__weight=torch.ones(6, 3)), "no conv_1.weight"),
        (changed(conv_2__bias=None), "no conv_2.bias"),
        (changed(conv_3__bias=torch.ones(1)), "conv_3.bias is not part of it"),
        (changed(block_2__c5__bias=torch.ones(3)), "block_2.c5.bias has shape (3,), not (6,)"),
        (changed(upsampler__0__weight=torch.ones(13, 6, 3, 3)), "upsampler.0.weight has shape (13, 6, 3, 3)"),
        (changed(conv_1__weight=torch.ones(6, 4, 3, 3)), "1 or 3 colour channels; conv_1 takes 4"),
    ],
)
def test_what_is_no_rlfn(state: dict[str, Tensor], reason: str) -> None:
    assert ARCHITECTURE.detect(state).startswith(reason)


def test_any_factor_in_a_file() -> None:
    compare(ARCHITECTURE.load(small(*SHAPES[0]).state_dict(), {}), [(1, 1, 2.0), (19, 33, 1.3), (40, 16, 3.7)])
