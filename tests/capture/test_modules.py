"""Attributes of modules that a forward sets on one way of a decision, however it sets them."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

import pliant
from pliant.capture.modules import Modules


class Remembering(nn.Module):
    """Sets a buffer, an attribute and, past every setter, a cached property, each on one way."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))
        self.strength = 1.0

    @cached_property
    def gain(self) -> float:
        return 2.0

    def forward(self, x: Tensor, factor: float) -> Tensor:
        if factor > 2:
            x = x * self.gain
            self.seen = x.mean()
        else:
            self.strength = 3.0
        if factor > 3:
            x = x + self.seen
        return x * self.strength


def test_both_ways_begin_with_the_same_attributes() -> None:
    model = Remembering()
    session = pliant.load(pliant.export(model, (torch.rand(1, 3, 9, 8), 2.5)))
    assert "gain" not in vars(model)
    x = torch.rand(1, 3, 5, 7)
    for factor in (1.0, 2.0, 2.5, 4.0):
        np.testing.assert_allclose(session(x.numpy(), factor), Remembering()(x, factor).numpy(), rtol=1e-6)


def test_attributes_are_read_again_after_a_change_alone() -> None:
    model = nn.Sequential(nn.BatchNorm2d(3), Remembering())
    modules = Modules(model)
    with modules.watched():
        first = modules.now()
        assert modules.now() is first
        model[0].running_mean = torch.ones(3)
        second = modules.now()
        assert second.version != first.version
        assert model[1].gain == 2.0
        third = modules.now()
        assert third.version != second.version
        model[0].register_buffer("more", torch.ones(1))
        assert modules.now().version != third.version
    last = modules.now()
    model[0].running_mean = torch.zeros(3)
    assert modules.now() is last  # nobody watches
