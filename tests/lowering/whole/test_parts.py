"""Networks in parts against PyTorch, on ONNX Runtime so that they are compared wherever the tests run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

import pliant
from pliant.artifact import Artifact
from pliant.lowering.runtime import Network
from pliant.lowering.whole import forms, parts
from pliant.lowering.whole.field import UnsuitedError
from tests.lowering.whole.networks import Ending, Enlarging, Looking, Mixed, Squared, Stepping

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "srcnn": Enlarging,
    "residual": lambda: Enlarging(residual=True),
    "even taps of the next layer": lambda: Enlarging((16, 16, 3), (7, 3, 3)),
    "bilinear": lambda: Enlarging((16, 8, 3), (5, 1, 3), "bilinear"),
    "nearest": lambda: Enlarging((16, 8, 3), (5, 1, 5), "nearest"),
    "grouped": lambda: Enlarging((24, 16, 3), (9, 1, 5), groups=4),
    "mixed": Mixed,
    "ending": Ending,
}


@cache
def network(name: str) -> tuple[nn.Module, Artifact]:
    torch.manual_seed(0)
    module = NETWORKS[name]().eval()
    return module, pliant.export(module, (torch.rand(1, 3, 24, 17), 3.0))


@pytest.fixture(autouse=True)
def _whatever_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pliant.lowering.whole.parts.WORTH", 9.0)


def compiled(model: bytes) -> Network:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [v.name for v in session.get_outputs()]
    return lambda feeds: dict(zip(names, session.run(None, dict(feeds)), strict=True))


def made(name: str, factor: int) -> forms.Blocks | forms.Shortened:
    artifact = network(name)[1]
    return forms.loaded(parts.files(artifact.model, artifact.contract, factor, in_blocks=True), compiled)


def eager(name: str, picture: np.ndarray, factor: int) -> np.ndarray:
    with torch.inference_mode():
        return network(name)[0](torch.from_numpy(picture), float(factor)).numpy()


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "ending"])
@pytest.mark.parametrize("factor", [2, 3, 4])
def test_in_parts_as_in_pytorch(name: str, factor: int) -> None:
    """Borders, corners and the seams of blocks included."""
    blocks = made(name, factor)
    assert isinstance(blocks, forms.Blocks)
    random = np.random.default_rng(factor)
    side = max(2 * max(blocks.geometry.strips), 16)
    for size in ((side, side + 13), (side + 41, 2 * side + 1), (1 + blocks.geometry.side, 40 + side)):
        assert blocks.geometry.fits(*size)
        picture = random.random((1, 3, *size), np.float32)
        expected = eager(name, picture, factor)
        result = blocks(picture)
        assert result.dtype == np.float32
        assert result.shape == expected.shape
        assert np.abs(result - expected).max() <= (4e-6 if factor != 3 else 3e-5) * max(1.0, float(np.ptp(expected)))


def test_several_pictures_at_once() -> None:
    picture = np.random.default_rng(0).random((3, 3, 40, 33), np.float32)
    assert np.abs(made("srcnn", 4)(picture) - eager("srcnn", picture, 4)).max() <= 2e-6


def test_many_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pliant.lowering.whole.geometry.CACHED", 1)
    blocks = made("residual", 2)
    assert isinstance(blocks, forms.Blocks)
    assert blocks.geometry.side == 16
    picture = np.random.default_rng(0).random((1, 3, 81, 50), np.float32)
    assert np.abs(blocks(picture) - eager("residual", picture, 2)).max() <= 2e-6


def test_less_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The convolution of the large picture becomes four of the small one; none of 9 x 9 is left in the interior."""
    import onnx

    artifact = network("srcnn")[1]
    files = parts.files(artifact.model, artifact.contract, 4, in_blocks=True)
    inner = onnx.ModelProto.FromString(files[".inner.onnx"])
    kernels = [list(t.dims) for t in inner.graph.initializer if len(t.dims) == 4]
    assert [24 * 4, 3, 6, 7] in kernels
    assert not [k for k in kernels if k[2:] == [9, 9]]
    monkeypatch.setattr("pliant.lowering.whole.parts.WORTH", 0.0)
    with pytest.raises(UnsuitedError, match="no less work"):
        parts.files(artifact.model, artifact.contract, 4, in_blocks=True)


def test_a_network_that_looks_at_everything() -> None:
    artifact = pliant.export(Looking().eval(), (torch.rand(1, 3, 24, 17), 3.0))
    with pytest.raises(UnsuitedError, match=r"is not linear|anywhere|sizes"):
        parts.files(artifact.model, artifact.contract, 4, in_blocks=True)


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_a_linear_end_as_a_convolution(factor: int) -> None:
    """At any size, one pixel included: what a resize repeats at borders is repeated here."""
    form = made("ending", factor)
    assert isinstance(form, forms.Shortened)
    for size in ((1, 1), (2, 7), (31, 18), (50, 64)):
        picture = np.random.default_rng(factor).random((2, 3, *size), np.float32)
        expected = eager("ending", picture, factor)
        result = form(picture)
        assert result.shape == expected.shape
        assert np.abs(result - expected).max() <= (4e-6 if factor != 3 else 2e-5)


def test_an_end_that_is_not_linear() -> None:
    artifact = pliant.export(Squared().eval(), (torch.rand(1, 3, 24, 17), 3.0))
    with pytest.raises(UnsuitedError, match="does not end with a resize"):
        parts.files(artifact.model, artifact.contract, 4, in_blocks=False)


@pytest.mark.parametrize("how", ["halved", "faded", "cut"])
def test_what_changes_beyond_a_size_is_not_folded(how: str) -> None:
    """Impulses on a small picture, and a comparison on one, say nothing of larger ones."""
    torch.manual_seed(0)
    artifact = pliant.export(Stepping(how).eval(), (torch.rand(1, 3, 24, 17), 3.0))
    with pytest.raises(UnsuitedError):
        parts.files(artifact.model, artifact.contract, 4, in_blocks=False)
