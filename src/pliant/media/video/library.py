"""The package `av`, which reads and writes videos: imported when a video is opened, not before."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pliant.errors import MissingExtra


def library() -> Any:
    """The package. Raises MissingExtra where it is not installed."""
    try:
        return import_module("av")
    except ModuleNotFoundError as error:
        raise MissingExtra("Video", "av", "video") from error


def versions() -> dict[str, str]:
    """What encodes, by name: files of other versions may not fit together."""
    av = library()
    parts = {name: ".".join(map(str, number)) for name, number in sorted(av.library_versions.items())}
    return {"av": str(av.__version__), **parts}
