"""What an engine holds from earlier pictures does not make the tiles of the next one small."""

from __future__ import annotations

import numpy as np
import pytest

from pliant.engines.base import load
from pliant.imaging import memory, upscaling
from pliant.imaging.memory import SMALL, Held
from pliant.imaging.network import Network
from pliant.imaging.upscaling import LEAST, USUAL, Limits
from tests.support import live_model


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes in use, the last one now."""
    found = [1000]
    monkeypatch.setattr(memory, "resident", lambda: found[-1])
    monkeypatch.setattr(upscaling, "resident", lambda: found[-1])
    return found


def grown(used: list[int], more: int) -> np.ndarray:
    used.append(used[-1] + more)
    return np.zeros((5, 20), np.uint8)


def test_what_stays_after_a_run_is_held(used: list[int]) -> None:
    held = Held()
    held.during(SMALL, lambda: grown(used, 7000))
    assert held == Held(0, 0)  # too small to be looked at
    held.during(SMALL + 1, lambda: grown(used, 5100))
    held.during(SMALL + 1, lambda: grown(used, 600))  # an engine may take more for the second run
    held.during(SMALL + 2, lambda: grown(used, -50))
    assert held == Held(5000 + 500, 100)  # without the results


def test_what_is_held_counts_as_room(used: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscaling, "available_memory", lambda: 10**12)
    before = Limits(memory=10_000).room(0)
    used.append(used[-1] + 6000)
    assert Limits(memory=10_000).room(0, 6000) == before
    assert Limits(memory=10_000).room(0) == before - 6000
    assert Limits(memory=10_000, before=300).room(50, 6000) == 10_000 - 300 - 50


def test_what_a_program_has_in_memory_does_not_make_tiles_tiny(
    used: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upscaling, "available_memory", lambda: 10**12)
    assert Limits().room(100) == USUAL - 1000 - 100
    used.append(10**10)
    assert Limits().room(100) == LEAST
    monkeypatch.setattr(upscaling, "available_memory", lambda: 10**8)
    assert Limits().room(100) == 10**8 / 2 - 100, "no more than half of what is free"


def test_the_next_picture_of_a_session_knows_what_it_holds() -> None:
    first, second = load(live_model()), load(live_model())
    assert Network.of(first).held is Network.of(first).held
    assert Network.of(first).held is not Network.of(second).held
