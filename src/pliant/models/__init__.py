"""The models that ship with pliant, as ONNX files with their contracts inside."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pliant.errors import UsageError

DEFAULT = "anyscale"


def names() -> list[str]:
    """Names of the shipped models, sorted."""
    return sorted(Path(entry.name).stem for entry in files(__name__).iterdir() if entry.name.endswith(".onnx"))


def path(name: str = DEFAULT) -> Path:
    """Where the shipped model called `name` lies.

    Raises UsageError if there is none; the message lists those there are.
    """
    if name not in (known := names()):
        raise UsageError(f"There is no model named {name!r}; there are: {', '.join(known) or 'none'}.")
    return Path(str(files(__name__) / f"{name}.onnx"))
