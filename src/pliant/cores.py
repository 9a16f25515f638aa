"""How many cores this process may use."""

from __future__ import annotations

import os

CALLS = 4  # at most that share the cores, without being asked for: each has a result of its own in memory


def allowed() -> int:
    """The cores that the system lets this process run on, at least 1."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1


def usual_calls() -> int:
    """How many calls share the cores where throughput counts: one each, at most `CALLS`."""
    return min(CALLS, allowed())
