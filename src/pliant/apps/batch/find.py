"""Which pictures of a folder are meant.

Files are pictures by their suffix. Hidden files and folders are left out, and so are links to folders: followed, they
could lead in circles. Links to files are read. Folders with results of pliant are no input.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path

from pliant.apps.batch.log import NAME
from pliant.errors import UsageError
from pliant.media.formats import SUFFIXES

MAGIC = "*?["


@dataclass
class Found:
    """Pictures below `root` as paths in it with slashes, sorted.

    `ignored` counts files that are no pictures by their suffix, or hidden. `unreadable` has (folder, why), `notes` are
    sentences about folders that were left out.
    """

    root: Path
    pictures: list[str] = field(default_factory=list[str])
    ignored: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    notes: list[str] = field(default_factory=list[str])


def is_many(source: str | os.PathLike[str]) -> bool:
    """Whether `source` is a folder, or a pattern: a path that does not exist and has one of `*?[` in it."""
    return Path(source).is_dir() or (not os.path.lexists(source) and _magic(os.fspath(source)))


def split(source: str | os.PathLike[str]) -> tuple[Path, str | None]:
    """The folder to look in, and if `source` is a pattern the one for paths in that folder.

    Raises UsageError if there is no such folder.
    """
    if not is_many(source):
        raise UsageError(f"{source} is no folder; give a folder, or a pattern in quotes such as 'photos/**/*.jpg'.")
    path = Path(source)
    if path.is_dir():
        return path, None
    at = next(k for k, part in enumerate(path.parts) if _magic(part))
    root = Path(*path.parts[:at])
    if not root.is_dir():
        raise UsageError(f"There is no folder {root}, in which {source} would be looked for; give another pattern.")
    return root, "/".join(path.parts[at:])


def find(root: Path, whole: str | None, patterns: Sequence[str], recursive: bool, apart: Path | None) -> Found:
    """The pictures in `root`, and with `recursive` in its subfolders.

    `whole` is a pattern for paths in `root`. If there are `patterns`, at least one has to hold as well: one without a
    slash for the name, one with slashes for the path in `root`, where `**` stands for any folders. Upper and lower
    case count as equal. `apart` is a folder that is not looked into, the one for the results.
    """
    found, waiting = Found(root), [""]
    deepest = _deepest(whole) if recursive else 0
    wanted = [["**", pattern] if "/" not in pattern else pattern.split("/") for pattern in patterns]
    while waiting:
        folder = waiting.pop()
        files, folders = _listed(found, folder, apart)
        if len(folder.split("/")) - (not folder) < deepest:
            waiting += folders
        for path in files:
            if whole is not None and not fits(path.split("/"), whole.split("/")):
                continue
            if not wanted or any(fits(path.split("/"), pattern) for pattern in wanted):
                found.pictures.append(path)
    found.pictures.sort()
    return found


def fits(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether the parts of a path match those of a pattern; `**` matches any number of parts, also none."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        return fits(path, pattern[1:]) or (bool(path) and fits(path[1:], pattern))
    return bool(path) and fnmatchcase(path[0].lower(), pattern[0].lower()) and fits(path[1:], pattern[1:])


def _deepest(whole: str | None) -> float:
    """How many folders below the root a picture can lie in."""
    return inf if whole is None or "**" in whole.split("/") else whole.count("/")


def _listed(found: Found, folder: str, apart: Path | None) -> tuple[list[str], list[str]]:
    """Paths of the pictures and the folders in a folder; what is left out is noted in `found`."""
    files: list[str] = []
    folders: list[str] = []
    try:
        entries = sorted(os.scandir(found.root / folder), key=lambda entry: entry.name)
    except OSError as error:
        found.unreadable.append((folder or ".", f"The folder cannot be read: {error.strerror}."))
        return files, folders
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if _is_folder(entry):
            if _enters(found, path, entry, apart):
                folders.append(path)
        elif entry.name.startswith(".") or Path(entry.name).suffix.lower() not in SUFFIXES:
            found.ignored += 1
        else:
            files.append(path)
    return files, folders


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _enters(found: Found, path: str, entry: os.DirEntry[str], apart: Path | None) -> bool:
    if entry.name.startswith("."):
        return False
    if entry.is_symlink():
        found.notes.append(f"{path} is a link to a folder, which is not followed.")
        return False
    if apart is not None and apart.is_dir() and os.path.samefile(entry.path, apart):
        return False
    if os.path.lexists(os.path.join(entry.path, NAME)):
        found.notes.append(f"{path} holds results of pliant and was left out; to upscale those, give it as the source.")
        return False
    return True


def _magic(text: str) -> bool:
    return any(character in text for character in MAGIC)
