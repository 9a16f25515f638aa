"""int8 forms of models, which `pliant quantize` makes, kept so that they are found again."""

from __future__ import annotations

from pathlib import Path

from pliant.artifact import Artifact, write_atomically
from pliant.cache import folder, key
from pliant.engines.base import Source
from pliant.errors import InputError

FOLDER = "int8"


def keep(fingerprint: str, form: Artifact) -> bool:
    """Keep the int8 form of the model with this fingerprint. Returns whether it could be written."""
    path = _path(fingerprint)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, form.to_bytes())
    except (OSError, InputError):
        return False
    return True


def find(fingerprint: str) -> Source | None:
    """The int8 form of the model with this fingerprint, if there is one that can be read."""
    path = _path(fingerprint)
    try:
        return Source.of(path) if path.is_file() else None
    except (OSError, InputError):
        return None


def _path(fingerprint: str) -> Path:
    return folder() / FOLDER / f"{key(fingerprint)}.onnx"
