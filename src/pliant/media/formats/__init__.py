"""The picture formats that pliant reads and writes, one file each, and how they are found."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from pliant.errors import PictureError, UsageError
from pliant.media.formats.base import Format
from pliant.registry import names

__all__ = ["FORMATS", "READ", "SUFFIXES", "Format", "by_name", "by_suffix", "for_source", "recognised", "titles"]

USUAL = ("png", "jpeg", "webp")  # are offered first


def _all() -> tuple[Format, ...]:
    found = sorted(names(__name__), key=lambda name: (USUAL.index(name) if name in USUAL else len(USUAL), name))
    return tuple(import_module(f"{__name__}.{name}").FORMAT for name in found)


FORMATS = _all()
READ = tuple(f.name for f in FORMATS if f.open is None and not f.only_written)  # by Pillow
SUFFIXES = tuple(suffix for f in FORMATS if not f.only_written for suffix in f.suffixes)


def by_name(name: str) -> Format:
    """The format a user calls `name`: "png", "jpg", "JPEG", ".webp".

    Raises UsageError if pliant does not write it, or a package for it is missing.
    """
    found = _find(f".{name.lower().lstrip('.')}")
    if found is None:
        raise UsageError(f"Format {name!r} is not written; {_offer()}.")
    found.needs()
    return found


def by_suffix(path: Path) -> Format:
    """The format that the suffix of `path` says.

    Raises PictureError if pliant does not write it, and UsageError if a package for it is missing.
    """
    found = _find(path.suffix.lower())
    if found is None:
        fault = f"ends in {path.suffix!r}, which is not written" if path.suffix else "has no suffix"
        raise PictureError(f"{path.name} {fault}; {_offer()}.")
    found.needs()
    return found


def for_source(path: Path, name: str) -> tuple[Format, str]:
    """The format and suffix for the result of a source that was read as `name`: its own where possible.

    A source in a format that cannot be written here becomes a PNG.
    """
    own = next((f for f in FORMATS if f.reads(name)), FORMATS[0])
    try:
        own.needs()
    except UsageError:
        own = FORMATS[0]
    return own, path.suffix if path.suffix.lower() in own.suffixes else own.suffixes[0]


def recognised(path: Path) -> Format | None:
    """The format of a file that Pillow may not open, by its first bytes; None for all others. Raises OSError."""
    with path.open("rb") as file:
        beginning = file.read(64)
    return next((f for f in FORMATS if f.recognise is not None and f.recognise(beginning)), None)


def titles() -> str:
    """The formats that are read, for a sentence: "PNG, JPEG or WebP"."""
    return _listed([f.title for f in FORMATS if not f.only_written])


def _find(suffix: str) -> Format | None:
    return next((f for f in FORMATS if suffix in f.suffixes), None)


def _offer() -> str:
    return f"use {_listed([f.suffixes[0] for f in FORMATS])}"


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
