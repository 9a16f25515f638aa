"""The models that ship with pliant, as ONNX files with their contracts inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pliant.errors import UsageError

DEFAULT = "anyscale"
PLACE = Path(__file__).parent  # `importlib.resources` would import a dozen modules to say the same
FACTS = "facts.json"  # by fingerprint, engine and factor


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


def shipped_facts(fingerprint: str, engine: str, factor: float) -> dict[str, Any] | None:
    """How a shipped model may be run in tiles, as `pliant.imaging.facts` writes it; None if that is not known.

    `tests/models/test_facts.py` holds the file against the models.
    """
    known = json.loads((PLACE / FACTS).read_text())
    return known.get(fingerprint, {}).get(engine, {}).get(f"{factor:g}")
