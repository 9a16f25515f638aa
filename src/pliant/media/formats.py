"""The picture formats that pliant reads and writes, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pliant.errors import PictureError, UsageError

READ = ("PNG", "JPEG", "WEBP", "BMP", "GIF")  # Pillow's names
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".webp", ".bmp", ".gif")  # by which pictures are found in folders


@dataclass(frozen=True)
class Format:
    """A format to write.

    `title` is for people, `name` for Pillow. `suffixes` begins with the usual one. `ceiling` is the longest
    side in pixels. `channels` are the numbers of channels it holds, `deep` says whether levels may have 16
    bits. `options` go to Pillow.
    """

    title: str
    name: str
    suffixes: tuple[str, ...]
    ceiling: int
    channels: tuple[int, ...]
    deep: bool = False
    options: dict[str, Any] = field(default_factory=dict)


FORMATS = (
    Format("PNG", "PNG", (".png",), 2**31 - 1, (1, 2, 3, 4), deep=True),
    # the format itself allows 65,535, libjpeg refuses more than 65,500;
    # a network sharpens edges; chroma at half size would blur them again
    Format("JPEG", "JPEG", (".jpg", ".jpeg", ".jpe"), 65_500, (1, 3), options={"quality": 95, "subsampling": 0}),
    Format("WebP", "WEBP", (".webp",), 16_383, (3, 4), options={"quality": 95}),
)


def by_name(name: str) -> Format:
    """The format a user calls `name`: "png", "jpg", "JPEG", ".webp".

    Raises UsageError if pliant does not write it.
    """
    found = _find(f".{name.lower().lstrip('.')}")
    if found is None:
        raise UsageError(f"Format {name!r} is not written; {_offer()}.")
    return found


def by_suffix(path: Path) -> Format:
    """The format that the suffix of `path` says.

    Raises PictureError if pliant does not write it.
    """
    found = _find(path.suffix.lower())
    if found is None:
        fault = f"ends in {path.suffix!r}, which is not written" if path.suffix else "has no suffix"
        raise PictureError(f"{path.name} {fault}; {_offer()}.")
    return found


def for_source(path: Path, name: str) -> tuple[Format, str]:
    """The format and suffix for the result of a source that Pillow read as `name`: its own where possible.

    A source in a format that is only read becomes a PNG.
    """
    written = "JPEG" if name == "MPO" else name  # several JPEGs in one file, as some cameras write
    own = next((f for f in FORMATS if f.name == written), FORMATS[0])
    return own, path.suffix if path.suffix.lower() in own.suffixes else own.suffixes[0]


def _find(suffix: str) -> Format | None:
    return next((f for f in FORMATS if suffix in f.suffixes), None)


def _offer() -> str:
    return f"use {', '.join(f.suffixes[0] for f in FORMATS[:-1])} or {FORMATS[-1].suffixes[0]}"
