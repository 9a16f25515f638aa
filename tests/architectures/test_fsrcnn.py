from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.architectures._luma import InColours
from pliant.architectures.fsrcnn import ARCHITECTURE, FSRCNN
from pliant.errors import CheckpointError
from tests.architectures.export import compare, lively

FILE = {"file": "small_x2.pth"}


def small(channels: int = 1, slopes: Sequence[int] = (6, 4, 0, 4, 6), last: int = 9) -> FSRCNN:
    torch.manual_seed(0)
    mapping = [3] * (len(slopes) - 3)
    network = lively(FSRCNN(channels, 6, 4, [5, *mapping, last], slopes, 2))
    assert isinstance(network, FSRCNN)
    return network


def renamed(state: dict[str, Tensor], *names: str) -> dict[str, Tensor]:
    """The layers of `state`, in order, under other names."""
    own = list(dict.fromkeys(key.rpartition(".")[0] for key in state))
    return {f"{names[own.index(key.rpartition('.')[0])]}.{key.rpartition('.')[2]}": t for key, t in state.items()}


NUMBERED = ("feature_extract", "activation_1", "shrink", "activation_2", "map_1", "map_2", "activation_3", "expand")
PARTS = ("first_part.0", "first_part.1", *(f"mid_part.{k}" for k in range(8)), "last_part")
GROUPED = ("feature_extraction.0", "feature_extraction.1", "shrink.0", "shrink.1", *(f"map.{k}" for k in range(4)))
NAMES = {
    "numbered activations": (small(3), (*NUMBERED, "activation_4", "deconv"), "full"),
    "parts": (small(1, (6, 4, 4, 4, 6)), PARTS, "studio"),
    "grouped": (small(1, (6, 4, 4, 4, 6)), (*GROUPED, "expand.0", "expand.1", "deconv"), "studio"),
    "unknown, one slope each": (small(1, (1, 1, 1, 1, 1)), tuple("abcdefghijk"), "studio"),
}


@pytest.mark.parametrize("name", NAMES)
def test_published_names(name: str) -> None:
    network, names, colours = NAMES[name]
    state = renamed(dict(network.state_dict()), *names)
    assert ARCHITECTURE.detect(state) == ""
    if "unknown" not in name:
        state = dict(sorted(state.items()))  # as safetensors orders them
    module = ARCHITECTURE.load(state, FILE).module
    assert isinstance(module, InColours)
    assert module.colours == colours
    picture = torch.rand(2, module.channels, 6, 5)
    with torch.no_grad():
        assert torch.equal(module.network(picture), network(picture))
        assert module(torch.rand(2, 3, 6, 5)).shape == (2, 3, 12, 10)


def copying(scale: int, last: int = 9) -> FSRCNN:
    """A network that repeats every pixel `scale` times."""
    network = FSRCNN(1, 6, 4, [5, 3, 3, last], (6, 4, 0, 4, 6), scale)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        for layer in network.body:
            if isinstance(layer, torch.nn.Conv2d):
                layer.weight[0, 0, layer.kernel_size[0] // 2, layer.kernel_size[1] // 2] = 1
        start = last // 2
        network.deconv.weight[0, 0, start : start + scale, start : start + scale] = 1
    for layer in network.body:
        if isinstance(layer, torch.nn.PReLU):
            torch.nn.init.constant_(layer.weight, 0.1)
    return network.eval()


@pytest.mark.parametrize("scale", [2, 3, 4, 5])
def test_the_scale_is_read_off_the_weights(scale: int) -> None:
    model = ARCHITECTURE.load(copying(scale).state_dict(), {"file": "x7.pth", "scale": "7"})
    assert model.scale == scale
    picture = torch.rand(1, 1, 5, 4)
    with torch.no_grad():
        assert torch.equal(model.module.network(picture), F.interpolate(picture, scale_factor=scale))


@pytest.mark.parametrize(
    ("facts", "scale"),
    [
        ({"file": "FSRCNN-x4.pt"}, 4),
        ({"file": "2x_fsrcnn_x.pth"}, 2),
        ({"file": "FSRCNN_X3_16x16.pth"}, 3),
        ({"file": "fsrcnn_x4.pth", "scale": "3"}, 3),
    ],
)
def test_the_scale_of_weights_that_do_not_tell_it(facts: dict[str, str], scale: int) -> None:
    assert ARCHITECTURE.load(small().state_dict(), facts).scale == scale


@pytest.mark.parametrize(
    "facts", [{}, {"file": "fsrcnn.pth"}, {"file": "max3.pth"}, {"file": "x40.pth"}, {"scale": "two"}]
)
def test_an_unknown_scale_is_asked_for(facts: dict[str, str]) -> None:
    with pytest.raises(
        CheckpointError, match=r"its scale cannot be told .* name of the file, for example fsrcnn_x4.pth"
    ):
        ARCHITECTURE.load(small().state_dict(), facts)


def changed(**change: Tensor | None) -> dict[str, Tensor]:
    """Weights under the names of parts, with some replaced, or left out where None."""
    network, names, _ = NAMES["parts"]
    new = {key.replace("__", "."): tensor for key, tensor in change.items()}
    state = {**renamed(dict(network.state_dict()), *names), **new}
    return {key: tensor for key, tensor in state.items() if tensor is not None}


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({}, "a chain of five or more convolutions"),
        (changed(mid_part__2__bias=None), "a chain of five or more convolutions"),
        (changed(first_part__0__weight=torch.ones(6, 1, 5, 3)), "a chain of five or more convolutions"),
        (changed(mid_part__0__weight=torch.ones(4, 6, 3, 3)), "1x1 convolutions to fewer channels and back"),
        (changed(mid_part__6__weight=torch.ones(6, 5, 1, 1)), "1x1 convolutions to fewer channels and back"),
        (changed(mid_part__4__weight=torch.ones(4, 5, 3, 3)), "mapping convolutions between them"),
        (changed(last_part__weight=torch.ones(1, 6, 9, 9)), "mapping convolutions between them"),
        (changed(last_part__weight=torch.ones(6, 1, 3, 3)), "1 or 3 colour channels, a large kernel"),
        (changed(first_part__1__weight=None), "1 or 3 colour channels, a large kernel"),
        (changed(first_part__1__weight=torch.ones(5)), "1 or 3 colour channels, a large kernel"),
        (changed(last_part__2__weight=torch.ones(1)), "1 or 3 colour channels, a large kernel"),
        (dict(small(2).state_dict()), "1 or 3 colour channels, a large kernel"),
    ],
)
def test_what_is_no_fsrcnn(state: dict[str, Tensor], reason: str) -> None:
    assert ARCHITECTURE.detect(state).startswith(reason)


def test_any_factor_in_a_file() -> None:
    compare(ARCHITECTURE.load(small().state_dict(), FILE), [(1, 1, 2.0), (7, 9, 1.3), (5, 8, 3.7)])
