"""A difference that PyTorch's own rounding explains is none of the file's."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

import pliant
from pliant.errors import AuditError
from pliant.exporter import audit
from pliant.exporter.reference import Reference, in_double, rounding_alone
from pliant.exporter.signature import read_signature
from pliant.verifier.cases import Case


class IllConditioned(nn.Module):
    """Amplifies the difference of two features that are nearly the same; `error` is what a wrong file would add."""

    def __init__(self, error: float = 0.0) -> None:
        super().__init__()
        self.error = error
        first = torch.randn(1, 3, 5, 5, generator=torch.Generator().manual_seed(0))
        self.weight = nn.Parameter(torch.cat([first, first.flip(1) * 1.000001]))

    def forward(self, x: Tensor) -> Tensor:
        grey = x.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        one, other = F.conv2d(grey, self.weight, padding=2).chunk(2, 1)
        return x + (one - other) * 1e4 + (self.error if torch.compiler.is_exporting() else 0)


class Asking(nn.Module):
    """Asks for float32 in every way that published networks do."""

    def forward(self, x: Tensor) -> Tensor:
        return (x.float() / 3 + torch.zeros(1, dtype=torch.float32) + torch.zeros(1)).to(torch.float32)


def test_double_precision_where_float32_is_asked_for() -> None:
    x = np.random.default_rng(0).random((1, 3, 5, 7), np.float32)
    signature = read_signature(Asking(), (torch.from_numpy(x),), {}, {}, {}, None)
    (result,) = in_double(Asking(), signature)(Case("", {"x": x}))
    np.testing.assert_array_equal(result, x.astype(np.float64) / 3)
    assert torch.get_default_dtype() is torch.float32


BASE = np.linspace(0, 1, 400).reshape(1, 1, 20, 20).astype(np.float32)


def rounded(size: float) -> Reference:
    """A reference whose result carries rounding of about `size`, another one for every other input."""

    def run(case: Case) -> list[NDArray[Any]]:
        random = np.random.default_rng(zlib.crc32(case.arrays["x"].tobytes()))
        return [BASE + (size * random.standard_normal(BASE.shape)).astype(np.float32)]

    return run


def test_rounding_of_the_size_that_pytorch_has() -> None:
    case, eager = Case("", {"x": BASE}), rounded(1e-3)
    expected = eager(case)
    alike = rounded(1e-3)(Case("", {"x": BASE + 1}))
    assert 2e-3 < rounding_alone(eager, eager, case, alike, expected) < 1e-2
    assert rounding_alone(eager, eager, case, [alike[0] + 0.01], expected) == 0
    assert rounding_alone(eager, eager, case, [alike[0][..., 1:]], expected) == 0


def test_what_rounding_explained_is_told_in_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "rounding_alone", lambda *_: 0.02)
    artifact = pliant.export(IllConditioned(error=0.5), (torch.rand(1, 3, 32, 40),))
    assert any("by up to 2e-02" in note for note in artifact.contract.notes)


def test_a_wrong_file_is_not_explained_by_rounding() -> None:
    with pytest.raises(AuditError, match="differs"):
        pliant.export(IllConditioned(error=0.5), (torch.rand(1, 3, 32, 40),))


class Deciding(nn.Module):
    """A threshold that rounding can cross at a few pixels; `error` as above."""

    def __init__(self, error: float = 0.0) -> None:
        super().__init__()
        self.error = error

    def forward(self, x: Tensor) -> Tensor:
        mean = torch.conv2d(x, torch.full((3, 3, 3, 3), 1 / 27), padding=1)
        sharp = ((mean * 1e6).round() % 2) * 0.3 + mean
        return sharp + (self.error if torch.compiler.is_exporting() else 0)


def test_pixels_on_the_other_side_do_not_excuse_the_rest() -> None:
    with pytest.raises(AuditError, match="differs"):
        pliant.export(Deciding(error=0.2), (torch.rand(1, 3, 32, 40),))
