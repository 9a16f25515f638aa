"""Steps in place become steps that give a new tensor, and the rest of the trace sees it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.exporter.functional import Unsupported, changes, functional


class Function(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def fresh(x: Tensor) -> Tensor:
    return x * 2 - 1


def slices(x: Tensor) -> Tensor:
    y, count = torch.zeros_like(x), 0
    for rows in (slice(0, -3), slice(-3, -1), slice(-1, None)):
        for columns in (slice(0, -4), slice(-4, None)):
            y[:, :, rows, columns] = count
            count += 1
    return y + x


def a_view_made_before(x: Tensor) -> Tensor:
    y = fresh(x)
    part = y[:, 1]
    y.mul_(3)
    return part + y[:, 0]


def a_view_of_a_view(x: Tensor) -> Tensor:
    y = fresh(x)
    part = y.transpose(2, 3).unsqueeze(0)[0, :, 1:, 2:]
    part.add_(1).clamp_(0, 1)
    return y * part.amax()


def twice(x: Tensor) -> Tensor:
    y = fresh(x)
    first, second = y[:, :2], y[:, 1:]
    first.fill_(0.5)
    second.mul_(y[:, :2] + 1)
    first.sub_(second + 0)
    return torch.cat([y, first, second], 1)


def an_activation(x: Tensor) -> Tensor:
    return F.leaky_relu(F.conv2d(x, torch.ones(4, 3, 3, 3)), 0.1, inplace=True) + 1


def a_permuted_copy(x: Tensor) -> Tensor:
    y = fresh(x)
    y.permute(0, 3, 1, 2)[:, :2].copy_(x.permute(0, 3, 1, 2)[:, 2:4])
    return y


def a_conversion_that_is_none(x: Tensor) -> Tensor:
    y = fresh(x)
    same, other = y.type_as(x), y.double()
    same[:, :, 1:-2] = 3
    other[:, 0] = 4
    return y + other.to(torch.float32, copy=True).add_(1) + same.to(x.dtype, non_blocking=True).sub_(2)


def scattered(x: Tensor) -> Tensor:
    best = x.argmin(2, keepdim=True)
    return torch.zeros_like(x).scatter_(2, best, 1) + fresh(x).scatter_(2, best, x[:, :, :1])


SEEN = (
    slices,
    a_view_made_before,
    a_view_of_a_view,
    twice,
    an_activation,
    a_permuted_copy,
    a_conversion_that_is_none,
    scattered,
)


def an_input(x: Tensor) -> Tensor:
    x.mul_(2)
    return x + 1


def through_a_reshape(x: Tensor) -> Tensor:
    y = fresh(x)
    y.reshape(-1).add_(1)
    return y


def mixed_types(x: Tensor) -> Tensor:
    return fresh(x).add_(torch.ones(1, dtype=torch.float64))


UNSEEN = (an_input, through_a_reshape, mixed_types)
X = torch.rand(1, 3, 6, 7, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("function", SEEN)
def test_the_graph_computes_the_same_without_a_change(function: Callable[[Tensor], Tensor]) -> None:
    program = torch.export.export(Function(function), (X.clone(),))
    assert any(changes(node) for node in program.graph.nodes)
    functional(program.graph)
    assert not any(changes(node) for node in program.graph.nodes)
    program.graph.lint()
    program.graph_module.recompile()
    torch.testing.assert_close(program.module()(X.clone()), function(X.clone()), rtol=0, atol=0)


@pytest.mark.parametrize("function", UNSEEN)
def test_what_might_show_elsewhere_is_left_to_pytorch(function: Callable[[Tensor], Tensor]) -> None:
    program = torch.export.export(Function(function), (X.clone(),))
    before = str(program.graph)
    with pytest.raises(Unsupported):
        functional(program.graph)
    assert str(program.graph) == before


@pytest.mark.parametrize("function", [*SEEN, *UNSEEN])
def test_the_file_is_right_at_other_sizes(function: Callable[[Tensor], Tensor]) -> None:
    session = pliant.load(pliant.export(Function(function), (torch.rand(2, 3, 9, 8),)))
    for size in ((1, 3, 7, 12), (2, 3, 5, 5)):
        x = torch.rand(size)
        np.testing.assert_allclose(session(x.numpy()), function(x.clone()).numpy(), rtol=1e-6, atol=1e-6)
