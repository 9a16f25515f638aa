from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

import pliant
from pliant.architectures.anyscale import ARCHITECTURE, AnyScale
from pliant.architectures.base import MOST, ImageModel
from pliant.architectures.srcnn import SRCNN

SHAPES = [(3, 8, 1, 2), (1, 5, 2, 1), (3, 4, 3, 3)]


def loaded(weights: dict[str, Tensor], **facts: str) -> ImageModel:
    assert ARCHITECTURE.detect(weights) == ""
    return ARCHITECTURE.load(weights, facts)


@pytest.mark.parametrize(("channels", "features", "blocks", "harmonics"), SHAPES)
def test_load_restores_the_network(channels: int, features: int, blocks: int, harmonics: int) -> None:
    network = AnyScale(channels, features, blocks, harmonics).eval()
    module = loaded(dict(network.state_dict())).module
    picture = torch.rand(2, channels, 7, 9)
    with torch.no_grad():
        assert torch.equal(module(picture, 1.7), network(picture, 1.7))
        assert network(picture, 1.7).shape == (2, channels, 11, 15)


def test_the_default_is_as_small_as_promised() -> None:
    """At most 150,000 weights, and at most a fifth of SRCNN's 20,096 multiply-adds for each result pixel at x4."""
    network = AnyScale()
    assert sum(p.numel() for p in network.parameters()) <= 150_000
    convolutions = sum(m.weight.numel() for m in network.modules() if isinstance(m, torch.nn.Conv2d))
    terms = network.terms
    bicubic = 3 * (4 / 4 + 4)
    rows = 3 * terms**2 * (2 + 1) / 4  # bilinear along rows and the sum over horizontal terms, on h x W pixels
    columns = 3 * terms * (2 + 1)
    assert convolutions / 16 + bicubic + rows + columns <= 20_096 / 5


def test_without_coefficients_it_is_the_bicubic_resize() -> None:
    network = AnyScale(3, 4, 1)
    torch.nn.init.zeros_(network.last.weight)
    torch.nn.init.zeros_(network.last.bias)  # type: ignore[arg-type]
    picture = torch.rand(1, 3, 12, 11)
    expected = torch.nn.functional.interpolate(picture, scale_factor=2.5, mode="bicubic")
    torch.testing.assert_close(network(picture, 2.5), expected)


@pytest.mark.parametrize("factor", [1.7, 2.5, math.pi])
def test_the_series_at_a_pixel_is_what_the_formula_says(factor: float) -> None:
    """One coefficient alone: its wave, in the phase of each result pixel, blended over the pixels of the source."""
    network = AnyScale(1, 4, 1, harmonics=1)
    coefficients = torch.zeros(1, 9, 3, 40)
    coefficients[:, 2] = 1.0  # the constant along columns times the sine along rows
    result = network.spread(coefficients, factor)[0, 0]
    places = (torch.arange(result.shape[1], dtype=torch.float64) + 0.5) / factor
    expected = torch.sin(2 * math.pi * places).float()
    torch.testing.assert_close(result, expected.expand_as(result), atol=2e-5, rtol=0)


def test_far_pixels_have_exact_phases() -> None:
    network = AnyScale()
    waves = network.waves(40_000, 1.7, torch.zeros(1))[:, -1]
    factor = float(torch.tensor(1.7))  # as float32 knows it
    place = math.fmod(39_999.5, factor) * 2 * math.pi / factor
    expected = [1.0, math.cos(place), math.sin(place), math.cos(2 * place), math.sin(2 * place)]
    torch.testing.assert_close(waves, torch.tensor(expected), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("channels", "colours"), [(3, "RGB"), (1, "GREY")])
def test_what_is_needed_to_export(channels: int, colours: str) -> None:
    model = loaded(dict(AnyScale(channels, 4, 1).state_dict()), trained_for="1 to 8")
    assert model.image.colours == colours
    assert model.values == {"factor": (1, MOST)}
    assert "1 to 8" in model.notes[0]


@pytest.mark.parametrize("change", ["missing", "foreign", "odd"])
def test_other_weights_are_not_recognised(change: str) -> None:
    weights = dict(AnyScale(3, 4, 1).state_dict())
    if change == "missing":
        del weights["last.bias"]
    elif change == "foreign":
        weights["extra"] = torch.zeros(1)
    else:
        weights["last.weight"] = torch.zeros(3 * 16, 4, 1, 1)
    assert ARCHITECTURE.detect(weights)


def test_srcnn_is_another_network() -> None:
    assert ARCHITECTURE.detect(dict(SRCNN().state_dict())) == "no first.weight"


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 90)])
def test_the_file_equals_pytorch(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = AnyScale(3, 6, 1).eval()
    artifact = pliant.export(network, (torch.rand(1, 3, 20, 17), 3.0), values={"factor": (1, 8)})
    picture = torch.rand(2, 3, *size)
    with pliant.load(artifact) as session:
        for factor in (1.0, 1.7, 2.5, 3.0, math.pi / 2 + 1, 8.0):
            expected = network(picture, factor).detach().numpy()
            result = session(picture.numpy(), factor)
            assert result.shape == expected.shape
            assert abs(result - expected).max() < 2e-5
