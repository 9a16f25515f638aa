"""Temporary files of results, which a run that was killed leaves behind and the next one knows."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path

TEMPORARY = re.compile(r"\.{1,2}pliant-[0-9a-f]{16}\.part(\.[0-9a-f]+){0,2}")


def temporary(path: Path) -> Path:
    """Where a result is written before it is renamed to `path`: beside it, under a name that is never too long."""
    return path.with_name(f".pliant-{sha256(os.fsencode(path.name)).hexdigest()[:16]}.part")


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that a killed run left in a folder."""
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except OSError:  # there is none yet
        return
    for name in names:
        if TEMPORARY.fullmatch(name):
            (folder / name).unlink(missing_ok=True)
