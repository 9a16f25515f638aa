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
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):  # Windows
        yield
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"Another run writes into {folder} now; wait for it, or choose another folder.") from error
        except OSError:  # some network file systems
            pass
        yield
    finally:
        os.close(handle)
