"""What other runs left in the cache does not count."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own for what pliant keeps, for child processes too."""
    monkeypatch.setenv("PLIANT_CACHE", str(tmp_path / "cache"))
