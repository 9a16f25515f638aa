"""How much memory this process uses, and how much a network needs for each pixel of its result."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident() -> int | None:
    """Bytes of this process in memory now; None where the system does not tell."""
    return _entry("VmRSS")


def peak() -> int | None:
    """The most bytes there have been since `forget_peak`."""
    return _entry("VmHWM")


def forget_peak() -> None:
    """Let `peak` begin anew; without effect where that is not allowed."""
    with suppress(OSError):
        CLEAR.write_text("5")


def _entry(name: str) -> int | None:
    try:
        return int(STATUS.read_text().split(f"{name}:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):
        return None
