"""Laying out a folder whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pliant.errors import InputError


def laid_out(place: Path, contents: Mapping[str, Path | str]) -> tuple[Path, ...]:
    """Make the folder `place`, which is not there or empty, with files by their paths in it: copies, or texts.

    All is written beside it and then renamed, so that a server that looks into the folder above never sees a part.

    Returns the paths of the files. Raises InputError if it cannot be written; nothing is left behind then.
    """
    made = [folder for folder in place.parents if not folder.exists()]
    staging: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        staging.chmod(0o755)  # what reads it may be another user
        for name, content in contents.items():
            _write(staging / name, content)
        if place.exists():
            place.rmdir()
        staging.rename(place)
    except OSError as error:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)
        for folder in made:
            if folder.exists() and not any(folder.iterdir()):
                folder.rmdir()
        raise InputError(f"{place} cannot be written: {error.strerror}. Choose another folder.") from error
    return tuple(place / name for name in contents)


def _write(path: Path, content: Path | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        shutil.copyfile(content, path)
    else:
        path.write_text(content, encoding="utf-8")
