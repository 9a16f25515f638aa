"""Stamps: the record, in an ONNX file, of the verifications that it passed.

A stamp names the engine, its version, the precision and the fingerprint of the model. It counts only while all of
them are the same: another version of an engine, or another model, has to be verified again. ONNX Runtime in f32 needs
none for a file that pliant exported: nothing is exported that was not compared with PyTorch there.
"""

from __future__ import annotations

import json
import os
import stat
import warnings
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from pliant.artifact import CONTRACT_KEY, STAMPS_KEY, Artifact, entry, read_metadata, without, write_atomically
from pliant.errors import InputError, UnverifiedWarning

Stamp = dict[str, Any]
PROVED = ("onnxruntime", "f32")  # by the export itself
KEYS = {CONTRACT_KEY, STAMPS_KEY}


def fingerprint(data: bytes) -> str:
    """sha256 of an ONNX file without pliant's metadata, as `Artifact.fingerprint`."""
    return sha256(without(data, KEYS)).hexdigest()


def stamps_in(data: bytes, name: str = "the model") -> tuple[Stamp, ...]:
    """The stamps in an ONNX file, also in one without a contract. Raises InputError if they cannot be read."""
    try:
        found = json.loads(read_metadata(data, name).get(STAMPS_KEY, "[]"))
        return tuple(dict(stamp) for stamp in found)
    except (ValueError, TypeError) as error:
        raise InputError(f"The stamps in {name} cannot be read ({error}). Export the model again.") from error


def with_stamps(data: bytes, stamps: Sequence[Stamp]) -> bytes:
    """The ONNX file with these stamps instead of those it has."""
    return without(data, {STAMPS_KEY}) + entry(STAMPS_KEY, json.dumps(list(stamps)))


def added(old: Sequence[Stamp], new: Sequence[Stamp]) -> list[Stamp]:
    """All stamps; a new one replaces the old one for the same engine and precision."""
    keys = {(stamp["engine"], stamp["precision"]) for stamp in new}
    return [s for s in old if (s.get("engine"), s.get("precision")) not in keys] + list(new)


def stamp_file(path: str | os.PathLike[str], print_of: str, stamps: Sequence[Stamp]) -> None:
    """Add stamps to a file, which is replaced whole or not at all.

    Raises InputError if the file cannot be written, or is no longer the one with the fingerprint `print_of`.
    """
    target = Path(path).resolve()  # a link stays one
    try:
        mode, data = target.stat().st_mode, target.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read any more: {error.strerror}.") from error
    if fingerprint(data) != print_of:
        raise InputError(f"{path} has changed while it was verified; verify it again.")
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
        raise InputError(f"{path} is read-only; make it writable and verify it again, or give --no-stamp.")
    write_atomically(target, with_stamps(data, added(stamps_in(data, str(path)), stamps)))


def is_proved(found: Sequence[Stamp], print_of: str, engine: str, version: str | None, precision: str) -> bool:
    """Whether there is a stamp for this engine in this version, at this precision, on this very model."""
    wanted = {"engine": engine, "version": version, "precision": precision, "fingerprint": print_of}
    return any(wanted.items() <= stamp.items() for stamp in found)


def warn_unverified(
    model: bytes | Artifact, engine: str, version: str | None, precision: str = "f32", name: str = "the model"
) -> None:
    """Issue an UnverifiedWarning if nothing says that `model` gives the right numbers on an engine."""
    if (engine, precision) == PROVED:
        return  # a foreign file, too, is what ONNX Runtime makes of it: there is nothing to hold it against
    if isinstance(model, Artifact):
        found, print_of = model.stamps, model.fingerprint
    else:
        found, print_of = stamps_in(model, name), fingerprint(model)
    if is_proved(found, print_of, engine, version, precision):
        return
    other = next((s for s in found if s.get("engine") == engine and s.get("precision") == precision), None)
    saved = f"pliant verify {name} --engine {engine}"
    run = f'pliant.verify(artifact, engines="{engine}")' if isinstance(model, Artifact) else saved
    warnings.warn(
        f"{name} {_since(other, print_of)} on {engine} {version or ''} in {precision}; run: {run}",
        UnverifiedWarning,
        stacklevel=3,
    )


def _since(other: Stamp | None, print_of: str) -> str:
    """Why a stamp for the same engine does not count."""
    if other is None:
        return "has not been verified"
    if other.get("fingerprint") != print_of:
        return "was changed since it was verified"
    return f"was verified on version {other.get('version')} and has not been"
