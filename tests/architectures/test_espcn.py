from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.architectures._luma import InColours
from pliant.architectures.espcn import ARCHITECTURE, ESPCN
from tests.architectures.export import compare, lively


def own(channels: int = 1, features: Sequence[int] = (6, 4), scale: int = 3) -> dict[str, Tensor]:
    torch.manual_seed(0)
    return dict(lively(ESPCN(channels, features, (5, 3, 3), scale)).state_dict())


def renamed(state: dict[str, Tensor], *names: str) -> dict[str, Tensor]:
    """The layers of `state`, in order, under other names."""
    return {f"{names[k // 2]}.{key.rpartition('.')[2]}": tensor for k, (key, tensor) in enumerate(state.items())}


STYLES: dict[str, tuple[dict[str, Tensor], str, Callable[[Tensor], Tensor]]] = {
    "own names": (own(), "studio", torch.tanh),
    "first and last part": (renamed(own(), "first_part.0", "first_part.2", "last_part.0"), "studio", torch.tanh),
    "numbers": (renamed(own(), "conv1", "conv2", "conv3"), "studio", torch.tanh),
    "YCbCr": (renamed(own(3, scale=2), "conv_1", "conv_2", "conv_3"), "full", torch.tanh),
    "RGB": (own(3), "RGB", torch.tanh),
    "four with ReLU": (
        renamed(dict(lively(ESPCN(1, (6, 5, 4), (5, 3, 3, 3), 4)).state_dict()), "conv1", "conv2", "conv3", "conv4"),
        "full",
        F.relu,
    ),
}


@pytest.mark.parametrize("name", STYLES)
def test_published_names(name: str) -> None:
    state, colours, activation = STYLES[name]
    assert ARCHITECTURE.detect(state) == ""
    assert ARCHITECTURE.detect(dict(sorted(state.items()))) == ""  # as safetensors orders them
    module = ARCHITECTURE.load(dict(sorted(state.items())), {}).module
    assert isinstance(module, InColours)
    assert module.colours == colours
    picture = torch.rand(1, module.channels, 6, 5)
    weights = list(state.values())
    expected = picture
    for k in range(0, len(weights), 2):
        expected = F.conv2d(expected, weights[k], weights[k + 1], padding=weights[k].shape[2] // 2)
        expected = activation(expected) if k < len(weights) - 2 else expected
    with torch.no_grad():
        torch.testing.assert_close(module.network(picture), F.pixel_shuffle(expected, module.scale))
        assert module(torch.rand(2, 3, 6, 5)).shape == (2, 3, 6 * module.scale, 5 * module.scale)


def test_colours_of_a_network_of_luma() -> None:
    """Cb and Cr are resized as PyTorch resizes them, Y is the network's."""
    module = ARCHITECTURE.load(own(scale=2), {}).module
    assert isinstance(module, InColours)
    module.network = nn.Upsample(scale_factor=2, mode="bicubic")
    picture = torch.rand(1, 3, 6, 5) * 0.5 + 0.25
    expected = F.interpolate(picture, scale_factor=2, mode="bicubic").clamp(0, 1)
    with torch.no_grad():
        torch.testing.assert_close(module(picture), expected, atol=1e-5, rtol=0)


CHAIN = "a chain of convolutions with odd square kernels"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({}, "no feature_maps and sub_pixel"),
        (renamed(own(), "a", "b", "c"), "no feature_maps and sub_pixel"),
        ({**own(), "feature_maps.1.weight": torch.ones(6)}, CHAIN),
        ({**own(), "feature_maps.1.running_mean": torch.ones(6)}, CHAIN),
        ({**own(), "sub_pixel.0.weight": torch.ones(9, 4, 2, 2)}, CHAIN),
        ({**own(), "sub_pixel.0.weight": torch.ones(9, 5, 3, 3)}, "convolutions that follow each other"),
        (
            {**own(), "sub_pixel.0.weight": torch.ones(8, 4, 3, 3)},
            "a pixel shuffle at the end; sub_pixel.0 makes 8 of 1",
        ),
        (own(scale=1), "a pixel shuffle at the end; sub_pixel.0 makes 1 of 1"),
        (own(2), "1 or 3 colour channels; feature_maps.0 takes 2"),
    ],
)
def test_what_is_no_espcn(state: dict[str, Tensor], reason: str) -> None:
    assert ARCHITECTURE.detect(state).startswith(reason)


def test_any_factor_in_a_file() -> None:
    compare(ARCHITECTURE.load(own(scale=2), {}), [(1, 1, 2.0), (7, 9, 1.3), (5, 8, 3.7)])
