from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pliant.capture.pruning import prune

X = torch.arange(24.0).reshape(2, 3, 4)


def pruned(function: Callable[..., Any]) -> tuple[Any, list[str]]:
    """A traced program of a function of one tensor without what it does not need, and its operations."""

    class Network(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return function(x)

    program = torch.export.export(Network(), (X.clone(),), strict=False)
    prune(program.graph_module)
    program.graph.lint()
    calls = [node for node in program.graph.nodes if node.op == "call_function"]
    return program, [getattr(node.target, "__name__", "").split(".")[0] for node in calls]


def assert_kept(function: Callable[..., Any], *expected: str) -> None:
    """What is left are the operations `expected`, and gives what the function gives."""
    program, found = pruned(function)
    assert found == list(expected)
    results = program.module()(X.clone())
    assert torch.equal(results, function(X.clone()))


def test_what_nothing_needs_goes() -> None:
    def forward(x: Tensor) -> Tensor:
        thrown = x.clone()
        thrown[:, 0] += 1
        thrown.mul_(2).clamp_(0, 5)
        torch.relu_(thrown[0] + x[0])
        return x + 1

    assert_kept(forward, "add")


def test_a_change_that_is_seen_stays() -> None:
    def forward(x: Tensor) -> Tensor:
        kept = x.clone()
        kept[0].mul_(2)
        return kept + 1

    assert_kept(forward, "clone", "select", "mul_", "add")


def test_a_change_seen_through_another_view_stays() -> None:
    def forward(x: Tensor) -> Tensor:
        kept = x.clone()
        part = kept.reshape(6, 4).transpose(0, 1)
        part[1].zero_()
        return kept.sum(0)

    program, found = pruned(forward)
    assert "zero_" in found
    assert torch.equal(program.module()(X.clone()), forward(X.clone()))


def test_a_change_by_what_was_itself_changed_stays() -> None:
    def forward(x: Tensor) -> Tensor:
        first, second = torch.zeros(4), torch.zeros(4)
        first.add_(x[0, 0])
        second.copy_(first)
        return second * 2

    program, found = pruned(forward)
    assert {"add_", "copy_"} <= set(found)
    assert torch.equal(program.module()(X.clone()), forward(X.clone()))


def test_a_tensor_copied_onto_itself_goes() -> None:
    def forward(x: Tensor) -> Tensor:
        kept = x.clone()
        kept[:, 0] += 3
        return kept * 1.5

    assert_kept(forward, "clone", "select", "add_", "mul")


def onto_another_place(x: Tensor) -> Tensor:
    kept = x.clone()
    kept[:, 0] = kept[:, 1].add_(3)
    return kept


def onto_the_same_place_of_another(x: Tensor) -> Tensor:
    kept, other = x.clone(), x.clone()
    kept[0] = other[0].add_(3)
    return kept


def onto_a_copy_made_in_the_same_way(x: Tensor) -> Tensor:
    kept, other = x.to(torch.float64), x.to(torch.float64)
    kept.copy_(other.add_(3))
    return kept


def with_another_shape(x: Tensor) -> Tensor:
    kept = x.clone()
    kept[0] = kept[0, :1].mul_(2)
    return kept


@pytest.mark.parametrize(
    "forward",
    [onto_another_place, onto_the_same_place_of_another, onto_a_copy_made_in_the_same_way, with_another_shape],
)
def test_other_copies_stay(forward: Callable[[Tensor], Tensor]) -> None:
    program, found = pruned(forward)
    assert "copy_" in found
    assert torch.equal(program.module()(X.clone()), forward(X.clone()))


def test_a_change_of_a_buffer_stays() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("count", torch.zeros(()))

        def forward(self, x: Tensor) -> Tensor:
            self.count.add_(1)
            return x + 1

    program = torch.export.export(Counting(), (X,), strict=False)
    prune(program.graph_module)
    assert "aten.add_.Tensor" in [str(n.target) for n in program.graph.nodes]


def test_checks_stay_with_what_they_check() -> None:
    def forward(x: Tensor) -> Tensor:
        thrown = x.sum().to(torch.int64).item()
        torch._check(thrown >= 0)
        kept = x[0, 0, 1].to(torch.int64).item()
        torch._check(kept >= 0)
        torch._check(kept < 9)
        return torch.arange(kept)

    program, found = pruned(forward)
    assert found.count("item") == 1
    assert "_assert_scalar" in found
    assert torch.equal(program.module()(X.clone()), torch.arange(1))
