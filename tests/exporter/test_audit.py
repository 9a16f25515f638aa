"""That the audit looks where a file can be wrong: models that do something else while they are exported."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.errors import AuditError
from tests.idioms import picture


class Wrong(nn.Module):
    """Adds one, but in the file does not, where `where(value)` is true."""

    def __init__(self, where: Any) -> None:
        super().__init__()
        self.where = where

    def forward(self, x: Tensor, value: Any) -> Tensor:
        result = x * max(value, 0.25 if isinstance(value, float) else -5)
        if torch.compiler.is_exporting() or not self.where(value):
            return result
        return result + 1


@pytest.mark.parametrize(
    ("where", "example", "bounds", "told"),
    [
        (lambda v: v > 100, 2.0, (0.5, 200.0), "value = 200"),
        (lambda v: v == 0.3, 2.0, (0.3, 200.0), "value = 0.3"),
        (lambda v: v == 0.25, 2.0, (0, 8), "value = 0.25"),
        (lambda v: 0.2499 < v < 0.25, 2.0, None, "value = 0.24"),
        (lambda v: v == -3, 2, (-3, 9), "value = -3"),
        (lambda v: v == 0, 4, (-3, 9), "value = 0"),
        (lambda v: v == 1, 4, None, "value = 1"),
    ],
)
def test_a_value_at_an_edge_is_tried(where: Any, example: float, bounds: Any, told: str) -> None:
    values = {"value": bounds} if bounds else {}
    with pytest.raises(AuditError) as caught:
        pliant.export(Wrong(where), (picture(8, 9), example), values=values)
    assert told in str(caught.value)


@pytest.mark.parametrize(("where", "example", "least"), [(lambda v: v < 0, 3, 0), (lambda v: v <= 0, 3, 1)])
def test_what_is_wrong_below_zero_gets_a_minimum(where: Any, example: float, least: float) -> None:
    contract = pliant.export(Wrong(where), (picture(8, 9), example)).contract
    assert contract.input("value").values.minimum == least
    assert any(f"value is at least {least}" in note for note in contract.notes)


def test_a_range_that_the_caller_declared_is_not_narrowed() -> None:
    with pytest.raises(AuditError, match="value = -1"):
        pliant.export(Wrong(lambda v: v < 0), (picture(8, 9), 3), values={"value": (-2, 5)})


class Single(nn.Module):
    """Computes sizes in float32, but in the file in double."""

    def forward(self, x: Tensor, factor: float) -> Tensor:
        if torch.compiler.is_exporting():
            return F.interpolate(x, size=(int(x.shape[2] * factor), x.shape[3]))
        return F.interpolate(x, size=(int(np.float32(x.shape[2]) * np.float32(factor)), x.shape[3]))


def test_sizes_that_float32_gets_wrong_are_tried() -> None:
    with pytest.raises(AuditError, match=r"h = 45.*factor = 1\.4: it gives shape"):
        pliant.export(Single(), (picture(16, 20), 1.375), values={"factor": (1.375, 1.4375)})


class Noisy(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x)


def test_a_model_that_draws_random_numbers_is_told_so() -> None:
    with pytest.raises(AuditError, match="draws random numbers"):
        pliant.export(Noisy(), (torch.rand(1, 3, 9, 8),))


class Experts(nn.Module):
    """The picture chooses a layer from a list: the trace has a guard on a number that is no length."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.experts = nn.ModuleList(nn.Conv2d(3, 3, k, padding=k // 2) for k in (1, 3, 5))
        self.gate = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(self.gate(x.mean((2, 3))) * 9, 1)
        strength, chosen = torch.topk(weights, 1)
        experts: Any = self.experts
        picked = [experts[i] for i in chosen.squeeze(dim=0)]
        return picked[0](x) * strength[:, :1, None, None]


def test_guards_on_numbers_of_the_picture() -> None:
    model = Experts().eval()
    session = pliant.load(pliant.export(model, (torch.rand(1, 3, 22, 35),), dims={"x": "1 3 h w"}))
    chosen: set[int] = set()
    for k in range(12):
        x = torch.randn(1, 3, 6 + k, 9) * 3
        with torch.no_grad():
            expected = model(x).numpy()
            chosen.add(int(model.gate(x.mean((2, 3))).argmax()))
        assert np.allclose(session(x.numpy()), expected, rtol=0, atol=1e-5)
    assert len(chosen) > 1
