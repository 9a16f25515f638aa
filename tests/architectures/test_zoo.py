"""Every architecture of spandrel and spandrel-extra-arches, once, in a small configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architectures.zoo import MISSING, ZOO

pytest.importorskip("spandrel", reason="needs torchvision: make test TORCH='torch==2.14.1 torchvision==0.29.1'")

from pliant.architectures.spandrel import registry
from pliant.errors import PliantError
from tests.architectures.measured import exported, measure

FEW = ((1, 1), (7, 5), (57, 83))
LEAST_LIVELY = 0.01  # of the values of a result; a picture that is cut off everywhere would prove nothing


def test_the_zoo_has_every_architecture() -> None:
    assert {support.architecture.id for support in registry()} == set(ZOO)


@pytest.mark.parametrize("name", [name for name in ZOO if name not in MISSING])
def test_exported_weights_give_what_spandrel_gives(name: str, tmp_path: Path) -> None:
    found = measure(name, tmp_path, FEW)

    assert not found.wrong
    assert found.lively >= LEAST_LIVELY
    network = found.artifact.contract.network
    assert network is not None
    assert network.architecture
    assert [str(dim) for dim in found.artifact.contract.inputs[0].dims][2:] == ["h", "w"]


@pytest.mark.parametrize("name", [name for name, reason in MISSING.items() if reason.startswith("refused")])
def test_what_cannot_be_exported_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(PliantError):
        exported(name, tmp_path)
