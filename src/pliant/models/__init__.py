"""The models that ship with pliant, as ONNX files with their contracts inside."""

from __future__ import annotations

from pathlib import Path

from pliant.errors import UsageError

DEFAULT = "anyscale"
PLACE = Path(__file__).parent  # `importlib.resources` would import a dozen modules to say the same


def names() -> list[str]:
    """Names of the shipped models, sorted."""
    return sorted(entry.stem for entry in PLACE.glob("*.onnx"))


def path(name: str = DEFAULT) -> Path:
    """Where the shipped model called `name` lies.

    Raises UsageError if there is none; the message lists those there are.
    """
    if name not in (known := names()):
        raise UsageError(f"There is no model named {name!r}; there are: {', '.join(known) or 'none'}.")
    return PLACE / f"{name}.onnx"
