"""How much memory this process uses, and how much a network needs for each pixel of its result."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
SMALL = 4096  # pixels of a source; what a network takes for less is not looked at, for looking takes time too


@dataclass
class Held:
    """`bytes` that an engine has taken for its runs and keeps for the next, about; `pixels` of the largest result."""

    bytes: int = 0
    pixels: int = 0

    def during(self, pixels: int, run: Callable[[], T]) -> T:
        """What a run on so many pixels of a source gives; arrays [..., rows, columns] are counted."""
        if pixels <= SMALL:
            return run()
        before = resident()
        result = run()
        after = resident()
        rows, columns = getattr(result, "shape", (0, 0))[-2:]
        self.pixels = max(self.pixels, rows * columns)
        if before is not None and after is not None:
            self.bytes += max(0, after - before - getattr(result, "nbytes", 0))
        return result


_held: WeakKeyDictionary[object, Held] = WeakKeyDictionary()


def held_by(session: object) -> Held:
    """What there is to tell about the engine behind a session; the same each time, for it outlives one picture."""
    return _held.setdefault(session, Held())


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
