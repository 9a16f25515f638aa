"""Networks that decode any factor from coordinates: LIIF and LTE of the example, as people write them.

The decoder looks up the nearest feature, which is one of two at a place right between them: the file has to compute
places exactly as PyTorch does, or single pixels differ by much.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from torch import Tensor, nn

import pliant
from tests.live import assert_same, kinds

EXAMPLE = Path(__file__).parents[2] / "examples" / "arbitrary_scale.py"
SIZES = [(1, 1), (1, 5), (7, 5), (8, 8), (10, 13), (23, 31)]
FACTORS = [1.0, 1.5, 2.0, 2.7, 3.0, 3.3, 4.0, 5.0, 8.0]


def example() -> Any:
    """The example, as a module."""
    spec = importlib.util.spec_from_file_location("arbitrary_scale", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


networks = example()


class AnyChunk(nn.Module):
    """LIIF whose number of places at a time is a live value too, so that one export shows many of them."""

    def __init__(self) -> None:
        super().__init__()
        self.network = networks.LIIF(4, 1, (8,))

    def forward(self, image: Tensor, factor: float, chunk: int) -> Tensor:
        self.network.chunk = chunk
        return self.network(image, factor)


def session_of(network: nn.Module, arguments: tuple[Any, ...]) -> onnxruntime.InferenceSession:
    """The network's file in plain ONNX Runtime; it has one loop."""
    artifact = pliant.export(network.eval(), arguments)
    import onnx

    assert kinds(onnx.load_from_string(artifact.model)).count("Loop") == 1
    return onnxruntime.InferenceSession(artifact.model)


def test_liif_at_any_factor_size_and_chunk() -> None:
    torch.manual_seed(0)
    network = AnyChunk()
    session = session_of(network, (torch.rand(1, 3, 9, 8), 2.5, 100))
    for height, width in SIZES:
        for number, factor in enumerate(FACTORS):
            places = int(height * factor) * int(width * factor)
            chunk = (7 + places // 3, places, places + 1, max(1, places // 4), places - 1 or 1)[number % 5]
            assert_same(session, network, (torch.rand(1, 3, height, width), factor, chunk))
    assert_same(session, network, (torch.rand(1, 3, 57, 83), 2.7, 10_000))
    assert_same(session, network, (torch.rand(2, 3, 6, 7), 1.9, 1))


def test_lte_at_any_factor_and_size() -> None:
    torch.manual_seed(0)
    network = networks.LTE(4, 1, 4, (8,), chunk=100)
    session = session_of(network, (torch.rand(1, 3, 9, 8), 2.5))
    for height, width in SIZES[:5]:
        for factor in FACTORS:
            assert_same(session, network, (torch.rand(1, 3, height, width), factor))
    assert_same(session, network, (torch.rand(2, 3, 6, 7), 1.9))


@pytest.mark.parametrize("name", ["LIIF", "LTE"])
def test_the_loop_changes_nothing(name: str) -> None:
    """The example itself: all at once and in parts is the same."""
    torch.manual_seed(0)
    network = getattr(networks, name)(4, 1, hidden=(8,)).eval()
    picture = torch.rand(2, 3, 5, 6)
    with torch.no_grad():
        whole = network(picture, 3.3)
        network.chunk = 37
        parts = network(picture, 3.3)
    assert whole.shape == (2, 3, 16, 19)
    assert torch.allclose(whole, parts, atol=1e-6)
