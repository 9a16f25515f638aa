"""What an engine holds from earlier pictures does not make the tiles of the next one small."""

from __future__ import annotations

import numpy as np
import pytest

from pliant.imaging import memory, upscaling
from pliant.imaging.memory import SMALL, Held
from pliant.imaging.upscaling import Limits


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
