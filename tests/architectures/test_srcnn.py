from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from pliant.architectures.base import ImageModel
from pliant.architectures.srcnn import ARCHITECTURE, MOST, SRCNN
from tests.networks import tutorial_weights


def state(
    channels: int = 3, features: tuple[int, int] = (4, 2), kernels: tuple[int, int, int] = (9, 1, 5)
) -> dict[str, Tensor]:
    return dict(SRCNN(channels, features, kernels).state_dict())


def loaded(weights: dict[str, Tensor], **facts: str) -> ImageModel:
    assert ARCHITECTURE.detect(weights) == ""
    return ARCHITECTURE.load(weights, facts)


SHAPES = [
    (3, (64, 32), (9, 1, 5)),
    (1, (64, 32), (9, 1, 5)),
    (3, (32, 64), (5, 3, 7)),
    (1, (1, 1), (1, 1, 1)),
    (3, (7, 5), (3, 11, 3)),
]


@pytest.mark.parametrize(("channels", "features", "kernels"), SHAPES)
def test_load_restores_the_network(channels: int, features: tuple[int, int], kernels: tuple[int, int, int]) -> None:
    network = SRCNN(channels, features, kernels).eval()
    module = loaded(dict(network.state_dict())).module
    assert isinstance(module, SRCNN)
    assert [tuple(p.shape) for p in module.parameters()] == [tuple(p.shape) for p in network.parameters()]
    picture = torch.rand(1, channels, 7, 9)
    with torch.no_grad():
        assert torch.equal(module(picture, 1.7), network(picture, 1.7))


@pytest.mark.parametrize(("channels", "features", "kernels"), SHAPES)
def test_output_size_is_rounded_down(channels: int, features: tuple[int, int], kernels: tuple[int, int, int]) -> None:
    with torch.no_grad():
        assert SRCNN(channels, features, kernels)(torch.rand(2, channels, 7, 9), 1.7).shape == (2, channels, 11, 15)


@pytest.mark.parametrize(("channels", "colours"), [(3, "RGB"), (1, "GREY")])
def test_what_is_needed_to_export(channels: int, colours: str) -> None:
    model = loaded(state(channels))
    assert model.image.colours == colours
    assert not model.module.training
    assert model.values == {"factor": (1, MOST)}
    picture, factor = model.example
    assert picture.shape[1] == channels
    assert 1 <= factor <= MOST
    with torch.no_grad():
        assert model.module(*model.example).shape[1] == channels


@pytest.mark.parametrize(
    ("facts", "residual"), [({"residual": "true"}, True), ({"residual": "false"}, False), ({}, False)]
)
def test_the_fact_residual(facts: dict[str, str], residual: bool) -> None:
    module = loaded(state(), **facts).module
    assert isinstance(module, SRCNN)
    assert module.residual is residual


def test_the_fact_trained_for_becomes_a_note() -> None:
    assert loaded(state()).notes == ()
    (note,) = loaded(state(), trained_for="2 to 4").notes
    assert note.startswith("Trained for factors 2 to 4;")


def test_a_residual_network_adds_to_the_resized_picture() -> None:
    weights = {name: torch.zeros_like(tensor) for name, tensor in state().items()}
    picture = torch.rand(1, 3, 5, 6)
    with torch.no_grad():
        assert torch.equal(loaded(weights, residual="true").module(picture, 1.0), picture)
        assert not loaded(weights).module(picture, 1.0).any()


def test_weights_in_half_precision_are_loaded() -> None:
    module = loaded({name: tensor.half() for name, tensor in state().items()}).module
    assert {p.dtype for p in module.parameters()} == {torch.float32}


CHAIN = "three convolutions that follow each other, with odd square kernels"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"conv3.bias": None}, "no conv3.bias"),
        ({"conv1.bias": None, "conv2.bias": None}, "no conv1.bias, conv2.bias"),
        ({"conv4.weight": torch.ones(1)}, "conv4.weight is not part of it"),
        ({"conv1.weight": torch.ones(4, 3)}, "conv1.weight has shape (4, 3)"),
        ({"conv2.weight": torch.ones(2, 5, 1, 1)}, CHAIN),
        ({"conv2.weight": torch.ones(2, 4, 2, 2)}, CHAIN),
        ({"conv2.weight": torch.ones(2, 4, 1, 3)}, CHAIN),
        ({"conv3.weight": torch.ones(1, 2, 5, 5)}, CHAIN),
        ({"conv3.bias": torch.ones(4)}, CHAIN),
    ],
)
def test_what_is_no_srcnn(change: dict[str, Tensor | None], reason: str) -> None:
    weights = {name: tensor for name, tensor in {**state(), **change}.items() if tensor is not None}
    assert ARCHITECTURE.detect(weights) == reason


@pytest.mark.parametrize("channels", [2, 4])
def test_other_channels_are_refused(channels: int) -> None:
    assert ARCHITECTURE.detect(state(channels)) == f"1 or 3 colour channels; conv1 takes {channels}"


def test_no_more_than_three_missing_names_are_listed() -> None:
    assert ARCHITECTURE.detect({}) == "no conv1.bias, conv1.weight, conv2.bias"


def test_weights_of_the_tutorial(reference: Path) -> None:
    weights = tutorial_weights(reference)
    module = loaded(weights).module
    assert isinstance(module, SRCNN)
    assert not module.residual
    assert all(torch.equal(tensor, weights[name]) for name, tensor in module.state_dict().items())
