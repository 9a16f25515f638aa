"""Only one run writes into a folder at a time."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pliant.errors import UsageError


@contextmanager
def alone(folder: Path) -> Generator[None, None, None]:
    """Hold `folder`; the system lets go of it however the process ends.

    Where the system cannot lock folders, nothing is held. Raises UsageError if another run holds it.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        yield
        return
    try:
        hold(handle, folder)
        yield
    finally:
        os.close(handle)


def hold(handle: int, path: Path) -> None:
    """Hold the open file or folder `path` until `handle` is closed; as `alone`."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UsageError(f"Another run writes to {path} now; wait for it, or choose another place.") from error
    except OSError:  # some network file systems
        return
