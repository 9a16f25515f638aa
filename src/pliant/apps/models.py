"""Which file a user means by a model."""

from __future__ import annotations

import os
from pathlib import Path

from pliant.models import DEFAULT
from pliant.models import path as shipped


def find(model: str | os.PathLike[str] | None) -> Path:
    """The file of a model: `model` if it is or looks like a path, else the shipped model of that name.

    The default model if None. Raises UsageError if there is no shipped model of that name.
    """
    if model is None:
        return shipped(DEFAULT)
    path = Path(model)
    return path if path.is_file() or path.suffix or len(path.parts) > 1 else shipped(os.fspath(model))
