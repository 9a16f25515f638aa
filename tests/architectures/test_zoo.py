"""Every architecture of spandrel and spandrel-extra-arches, once, in a small configuration.

The comparison with spandrel takes the place of the audit here. `make zoo` exports as users do, and compares at more
sizes and factors.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architectures.zoo import ZOO

pytest.importorskip("spandrel", reason="needs torchvision: see `make help`")

from pliant.architectures.spandrel import registry
from tests.architectures.measured import measure, translated

FEW = ((1, 1), (7, 5), (57, 83))
FACTOR = 1.5
LEAST_LIVELY = 0.01  # of the values of a result; a picture that is cut off everywhere would prove nothing


def test_the_zoo_has_every_architecture() -> None:
    assert {support.architecture.id for support in registry()} == set(ZOO)


@pytest.mark.parametrize("name", ZOO)
def test_weights_give_what_spandrel_gives(name: str, tmp_path: Path) -> None:
    found = translated(name, tmp_path, FEW, (FACTOR,))

    assert not found.wrong
    assert found.lively >= LEAST_LIVELY
    network = found.artifact.contract.network
    assert network is not None
    assert network.architecture
    assert [str(dim) for dim in found.artifact.contract.inputs[0].dims][2:] == ["h", "w"]


@pytest.mark.parametrize("name", ["Compact", "SwinIR"])
def test_exported_as_users_do(name: str, tmp_path: Path) -> None:
    found = measure(name, tmp_path, FEW)

    assert not found.wrong
    assert [str(dim) for dim in found.artifact.contract.inputs[0].dims] == ["n", "3", "h", "w"]
