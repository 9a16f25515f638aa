from __future__ import annotations

from pathlib import Path

import pytest

from pliant.engines.base import load
from pliant.imaging.cost import GUESS, LONGEST, MARGIN, SHORTEST, USUAL, Cost, best_side, measured_cost
from pliant.imaging.locality import Locality
from pliant.imaging.network import Network
from pliant.imaging.parts import Alone
from tests.support import fixed_model

GIB = 1 << 30


def test_a_side_that_fits() -> None:
    cost = Cost(500, 10**8)
    for memory in (10**8, 3 * 10**8, GIB, 8 * GIB):
        side = best_side(cost, memory, 20)
        assert SHORTEST <= side <= LONGEST
        assert side == SHORTEST or 500 * (side + 40) ** 2 + 10**8 <= memory


def test_longer_tiles_share_less_up_to_a_point() -> None:
    assert best_side(Cost(100, 0), 100 * GIB, 16) == USUAL
    assert best_side(Cost(100, 0), 100 * GIB, 600) == 3600


def test_the_measured_speed_counts() -> None:
    """Where small tiles are twice as quick for each pixel, they are taken, unless what they share costs more."""
    cost = Cost(100, 0, ((128**2, 1e-9), (512**2, 2e-9)))
    assert best_side(cost, 100 * GIB, 2) == 128
    assert best_side(cost, 100 * GIB, 200) > 512
    assert best_side(Cost(100, 0, ((128**2, 2e-9), (512**2, 1e-9))), 100 * GIB, 2) >= 512


@pytest.mark.parametrize("pixels", [10, 128**2, 300**2, 512**2, 10**8])
def test_seconds_lie_between_what_was_measured(pixels: int) -> None:
    cost = Cost(100, 0, ((128**2, 1e-9), (512**2, 2e-9)))
    assert 1e-9 * pixels * 0.999 <= cost.seconds(pixels) <= 2e-9 * pixels * 1.001


def test_after_larger_runs_the_memory_of_a_tile_is_not_taken_from_what_is_there_already(tmp_path: Path) -> None:
    (tmp_path / "twice.onnx").write_bytes(fixed_model(2))
    network = Network.of(load(tmp_path / "twice.onnx"))
    locality = Locality(Alone(network), (2, 2), 1, 0.0)
    network.held.bytes, network.held.pixels = 10**8, 10**6
    cost = measured_cost(network, locality, 2)
    assert (cost.bytes_per_pixel, cost.exact) == (MARGIN * 100, False)
    network.held.bytes = 10**10
    assert measured_cost(network, locality, 2).bytes_per_pixel == GUESS  # never more than without knowing anything
