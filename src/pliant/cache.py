"""A folder for what can be made again: networks that engines have built."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pliant.artifact import write_atomically

SHIPPED = Path(__file__).parent / "models" / "prepared"  # what is made for the models that ship
INDEX = "files.json"


def folder() -> Path:
    """Where pliant keeps what can be made again: $PLIANT_CACHE, or `pliant` in the system's folder for caches."""
    if given := os.environ.get("PLIANT_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "pliant" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "pliant"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pliant"


def key(*parts: object) -> str:
    """A name for what is made from `parts`, which JSON can hold; equal parts give equal names."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def files(name: str, make: Callable[[], Mapping[str, bytes]]) -> tuple[dict[str, bytes], bool]:
    """The files kept under `name`, by suffix, or those that `make` gives, which are kept then; and whether they were.

    What ships with the package comes first. A folder that cannot be written to is no error: the files are made each
    time.
    """
    place = folder() / name
    for kept_in in (SHIPPED / name, place):
        if (index := kept_in / INDEX).is_file():  # written last, so that a folder with it is complete
            kept = json.loads(index.read_text())
            return {suffix: (kept_in / f"model{suffix}").read_bytes() for suffix in kept}, True
    made = dict(make())
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return made, False
    write(place, made)
    return made, False


def write(place: Path, made: Mapping[str, bytes]) -> None:
    """Write files, by suffix, to a folder that exists, as `files` reads them."""
    for suffix, content in made.items():
        write_atomically(place / f"model{suffix}", content)
    write_atomically(place / INDEX, json.dumps(sorted(made)).encode())


def ships(name: str) -> bool:
    """Whether the files called `name` are part of the package."""
    return (SHIPPED / name / INDEX).is_file()
