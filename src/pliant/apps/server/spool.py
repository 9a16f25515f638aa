"""A folder for what is on its way, which goes with the process however that ends."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from pliant.apps.batch.lock import hold
from pliant.errors import UsageError

PREFIX = "pliant-serve-"


class Spool:
    """`folder` is new, and for the user of the process alone. A killed process leaves its own to the next."""

    def __init__(self, folder: Path, handle: int | None) -> None:
        self.folder, self._handle = folder, handle

    @classmethod
    def new(cls) -> Spool:
        """Raises UsageError if there is no place for temporary files."""
        base = Path(tempfile.gettempdir())
        _remove_orphans(base)
        try:
            made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=base))
            handle = _held(made)  # before it has the name under which others look
            folder = base / made.name[1:]
            os.replace(made, folder)
        except OSError as error:
            raise UsageError(
                f"{base} cannot be written to: {error.strerror}. The server keeps pictures there while it works; set "
                "TMPDIR to another folder."
            ) from error
        return cls(folder, handle)

    def remove(self) -> None:
        """Remove it with everything in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _held(folder: Path) -> int | None:
    """A handle that holds the folder; None where the system opens no folders, as Windows. Raises UsageError."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        hold(handle, folder)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _remove_orphans(base: Path) -> None:
    """Remove the folders of this user's processes that have ended; those that are held are of living ones."""
    with suppress(OSError):
        for folder in base.glob(f"{PREFIX}*"):
            if folder.is_symlink() or not folder.is_dir() or not _own(folder):
                continue
            with suppress(UsageError):
                handle = _held(folder)
                if handle is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    os.close(handle)


def _own(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
