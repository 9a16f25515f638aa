from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.architectures.base import with_any_factor
from pliant.architectures.carn import ARCHITECTURE, CARN, Shape
from tests.architectures.export import compare, lively

SHAPES = {
    "CARN": Shape(8),
    "CARN-M": Shape(8, groups=2, up_groups=2, across=True, shared=True),
    "two heads": Shape(4, groups=2, across=True, shared=True, heads=(("up2", 2), ("up3", 3))),
    "one head": Shape(6, heads=(("up", 3),)),
    "one head of two steps": Shape(4, groups=4, up_groups=2, across=True, heads=(("up", 4),)),
    "units of their own": Shape(8, groups=4, across=True),
}


def small(name: str) -> CARN:
    torch.manual_seed(0)
    network = lively(CARN(SHAPES[name]))
    assert isinstance(network, CARN)
    return network


@pytest.mark.parametrize("name", SHAPES)
def test_load_restores_the_network(name: str) -> None:
    network = small(name)
    assert ARCHITECTURE.detect(network.state_dict()) == ""
    model = ARCHITECTURE.load(network.state_dict(), {})
    picture, scale = torch.rand(2, 3, 7, 9), max(network.heads)
    with torch.no_grad():
        assert torch.equal(model.module(picture), network.picture(network.features(picture), scale))
    assert model.scale == scale


@pytest.mark.parametrize(("factor", "scale"), [(1.0, 2), (1.9, 2), (2.0, 2), (2.1, 3), (3.0, 3), (3.5, 4), (6.0, 4)])
def test_a_factor_takes_the_smallest_head_that_reaches_it(factor: float, scale: int) -> None:
    network = small("CARN-M")
    picture = torch.rand(1, 3, 6, 8)
    with torch.no_grad():
        head = network.picture(network.features(picture), scale)
        expected = F.interpolate(head, scale_factor=factor / scale, mode="bicubic", antialias=True)
        result = with_any_factor(ARCHITECTURE.load(network.state_dict(), {})).module(picture, factor)
    assert torch.equal(result, expected)
    if factor == scale:
        torch.testing.assert_close(result, head)


def changed(name: str, **change: Tensor | None) -> dict[str, Tensor]:
    """Weights with some tensors replaced, or left out where None."""
    new = {key.replace("__", "."): tensor for key, tensor in change.items()}
    return {key: tensor for key, tensor in {**small(name).state_dict(), **new}.items() if tensor is not None}


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({}, "no entry.weight"),
        (changed("CARN", exit__weight=torch.ones(0, 8, 3, 3)), "no exit.weight"),
        (changed("CARN", b3__b3__body__2__bias=None), "no b3.b3.body.2.bias"),
        (changed("CARN-M", b1__b2__body__0__bias=torch.ones(8)), "b1.b2.body.0.bias is not part of it"),
        (changed("CARN-M", c3__body__0__weight=torch.ones(8, 24, 1, 1)), "c3.body.0.weight has shape (8, 24, 1, 1)"),
        (changed("CARN", b1__b1__body__0__weight=torch.ones(8, 3, 3, 3)), "b1.b1.body.0.weight has shape"),
        (changed("CARN", b1__b1__body__0__weight=torch.ones(8, 99, 3, 3)), "groups must be a positive integer"),
        (changed("one head", upsample__up__body__0__weight=None), "no upsample.up2, up3, up4 or up"),
    ],
)
def test_what_is_no_carn(state: dict[str, Tensor], reason: str) -> None:
    assert ARCHITECTURE.detect(state).startswith(reason)


def test_any_factor_in_a_file() -> None:
    model = ARCHITECTURE.load(small("two heads").state_dict(), {})
    compare(model, [(1, 1, 2.0), (9, 5, 1.5), (5, 12, 2.6), (8, 7, 3.0), (4, 4, 5.5)])
