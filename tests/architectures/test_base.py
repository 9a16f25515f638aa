from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pliant import registry
from pliant.architectures.base import Architecture, architectures, recognise
from pliant.architectures.srcnn import SRCNN
from pliant.errors import CheckpointError
from pliant.exporter.checkpoint import read_checkpoint

NAMES = registry.names("pliant.architectures")


@pytest.mark.parametrize("name", NAMES)
def test_every_architecture_is_complete(name: str) -> None:
    """A new architecture is tested by being there."""
    if name == "spandrel":
        pytest.importorskip("spandrel", reason="spandrel is not installed: it needs torchvision")
    found = registry.load("pliant.architectures", name, "ARCHITECTURE", extra="export")
    assert isinstance(found, Architecture)
    assert found.name == name
    assert found.detect({}) != ""
    assert found.detect({"foreign": torch.ones(1)}) != ""


def test_weights_are_recognised() -> None:
    architecture, model = recognise(SRCNN(features=(4, 2)).state_dict(), {}, "w.pth")
    assert architecture.name == "srcnn"
    assert isinstance(model.module, SRCNN)


def test_foreign_weights_are_refused_with_a_reason_for_each() -> None:
    with pytest.raises(CheckpointError) as caught:
        recognise({"a": torch.ones(1), "b": torch.ones(1)}, {}, "w.pth")
    message = str(caught.value)
    assert "The weights in w.pth (2 tensors: a, b, ...) fit no architecture that pliant knows here." in message
    assert all(f"{name}: " in message or f"Architecture '{name}' needs" in message for name in NAMES)
    assert "pliant export package.module:factory" in message


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ("carn/carn_m.pth", "carn"),
        ("rlfn/rlfn_x2.pth", "rlfn"),
        ("rlfn/rlfn_ntire_x4.pth", "rlfn"),
        ("nhat-thanh/ESPCN-x2.pt", "espcn"),
        ("nhat-thanh/FSRCNN-x4.pt", "fsrcnn"),
        ("nhat-thanh/SRCNN-915.pt", "srcnn_ycbcr"),
    ],
)
def test_published_weights_are_of_one_architecture(reference: Path, weights: str, name: str) -> None:
    state, facts = read_checkpoint(reference / "weights" / weights)
    assert recognise(state, facts, weights)[0].name == name
    own = [found for found in architectures()[0] if not found.last]
    assert [found.name for found in own if not found.detect(state)] == [name]
