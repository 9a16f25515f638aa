"""What was found out about a network by running it, kept with its session, and in small files for the next process.

How far a network looks, and what tiles cost, takes seconds to find out, and for large networks half a minute. A file is
found by everything that could change what it says: the model and its precision, the engine and its version, the factor,
the version of pliant, the processor and how many cores there are. One that is missing or broken is made anew.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from pliant.artifact import write_atomically
from pliant.cache import folder, key
from pliant.engines.base import Session, find
from pliant.errors import InputError, UsageError
from pliant.version import VERSION

T = TypeVar("T")
Facts = dict[str, Any]
FORM = 2  # of the files; counted up when what they say means something else
PROCESSORS, HEAD = Path("/proc/cpuinfo"), 4096  # bytes of it: the first core is enough


# Facts refer to no session, which would live as long as they then.
_told: WeakKeyDictionary[Session, dict[tuple[str, float], Facts]] = WeakKeyDictionary()


def known(session: Session, what: str, factor: float, read: Callable[[Facts], T]) -> T | None:
    """What is kept about the model of a session, as `read` understands it; None where nothing is, or it is broken.

    `read` may raise KeyError, TypeError or ValueError.
    """
    with suppress(OSError, KeyError, TypeError, ValueError):
        return read(_facts(session, what, factor))
    return None


def keep(session: Session, what: str, factor: float, facts: Facts, *, lasting: bool = True) -> None:
    """Keep it for this session, and for other processes unless it is not `lasting`.

    A folder that cannot be written to is no error.
    """
    _told.setdefault(session, {})[what, factor] = facts
    place = _place(session, what, factor) if lasting else None
    if place is None:
        return
    with suppress(OSError, InputError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, json.dumps(facts).encode())


def _facts(session: Session, what: str, factor: float) -> Facts:
    """Raises KeyError where there are none, OSError or ValueError where they cannot be read."""
    told = _told.setdefault(session, {})
    if (what, factor) not in told:
        place = _place(session, what, factor)
        if place is None:
            raise KeyError(what)
        told[what, factor] = cast("Facts", json.loads(place.read_bytes()))
    return told[what, factor]


def _place(session: Session, what: str, factor: float) -> Path | None:
    """The file; None for a model that cannot be told from others, or an engine that pliant does not know."""
    if not session.fingerprint:
        return None
    try:
        version = find(session.engine).version
    except UsageError:
        return None
    name = key(FORM, what, session.fingerprint, session.engine, version, float(factor), VERSION, *_machine())
    return folder() / "networks" / f"{name}.json"


def _machine() -> tuple[str, int]:
    """The processor, as the system calls it, and the number of cores: what decides on kernels and speed."""
    model = platform.processor() or platform.machine()
    with suppress(OSError, IndexError), PROCESSORS.open(encoding="utf-8", errors="replace") as file:
        model = file.read(HEAD).split("model name", 1)[1].splitlines()[0]
    return model, os.cpu_count() or 1
