"""An ONNX file with its contract inside.

Metadata is read and written on the bytes of the file: an ONNX file is a protobuf `ModelProto`, whose
`metadata_props` are top-level fields, so neither the package `onnx` nor a parse of the graph is needed.
Source of the field numbers: onnx.proto3, messages ModelProto and StringStringEntryProto.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pliant.contract import Contract
from pliant.errors import InputError
from pliant.explanation import Explanation
from pliant.protobuf import Field, delimited, fields

CONTRACT_KEY = "pliant.contract"
STAMPS_KEY = "pliant.stamps"
SOURCE_KEY = "pliant.source"  # of a node: "file.py:line" of the model's own source
GRAPH, METADATA = 7, 14  # field numbers in ModelProto


@dataclass(frozen=True)
class Artifact:
    """A model ready to ship.

    `model` is the serialised ONNX model without pliant's metadata. `stamps` record verifications that passed,
    as JSON objects. `explanation` says where the live values go, line by line; only the export that made the artifact
    knows that, it is not in the file.
    """

    model: bytes
    contract: Contract
    stamps: tuple[dict[str, Any], ...] = field(default=())
    explanation: Explanation | None = field(default=None, compare=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """sha256 of the model without its metadata, in hexadecimal."""
        return hashlib.sha256(self.model).hexdigest()

    def to_bytes(self) -> bytes:
        """The ONNX file as bytes: the model, the contract and the stamps."""
        entries = {CONTRACT_KEY: self.contract.to_json(), STAMPS_KEY: json.dumps(self.stamps)}
        return self.model + b"".join(entry(key, value) for key, value in entries.items())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write one standard ONNX file; an existing file is replaced whole or not at all.

        Returns the path written. Raises InputError if the folder cannot be written to.
        """
        target = Path(path)
        write_atomically(target, self.to_bytes())
        return target

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the model") -> Artifact | None:
        """The artifact in an ONNX file, or None if the file carries no contract.

        Raises InputError if `data` is no ONNX model or its contract cannot be read.
        """
        metadata = read_metadata(data, name)
        if CONTRACT_KEY not in metadata:
            return None
        try:
            contract = Contract.from_json(metadata[CONTRACT_KEY])
            stamps = tuple(json.loads(metadata.get(STAMPS_KEY, "[]")))
        except (ValueError, TypeError) as error:
            raise InputError(f"The contract in {name} cannot be read ({error}). Export the model again.") from error
        return cls(without(data, {CONTRACT_KEY, STAMPS_KEY}), contract, stamps)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Artifact | None:
        """Like `from_bytes`, for a file. Raises InputError if it cannot be read."""
        return cls.from_bytes(read_model(path), str(path))


def read_model(path: str | os.PathLike[str]) -> bytes:
    """The bytes of an ONNX file.

    Raises InputError for a missing file, a folder, an unreadable file and a file that is not ONNX.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}; give the path of an ONNX model.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder; give the path of an ONNX model.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    read_metadata(data, str(path))
    return data


def read_metadata(data: bytes, name: str = "the model") -> dict[str, str]:
    """All `metadata_props` of a serialised ONNX model; the last of two equal keys counts.

    Raises InputError if `data` is not a serialised ONNX model.
    """
    try:
        parts = list(fields(data))
        if not any(part.number == GRAPH for part in parts):
            raise ValueError("no graph")
        pairs = [_pair(part) for part in parts if part.number == METADATA]
    except (ValueError, IndexError) as error:
        raise InputError(f"{name} is not an ONNX model, or it is damaged ({len(data):,} bytes).") from error
    return dict(pairs)


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to a temporary file in the same folder, then rename it to `path`.

    Raises InputError if the folder does not exist or cannot be written to; nothing is left behind.
    """
    with written_atomically(path) as file:
        file.write(data)


@contextmanager
def written_atomically(path: Path) -> Generator[BinaryIO, None, None]:
    """A temporary file beside `path`, open for writing, that becomes `path` when the block ends without an exception.

    Raises InputError if the folder does not exist or cannot be written to; nothing is left behind.
    """
    part = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:  # the system applies the umask: asking for it means changing it, for every thread
        handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise InputError(f"{path.parent} cannot be written to: {error.strerror}. Choose another folder.") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.replace(part, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def _pair(field: Field) -> tuple[str, str]:
    found = {part.number: part.text for part in fields(field.payload)}
    return found.get(1, ""), found.get(2, "")


def entry(key: str, value: str) -> bytes:
    """One pair of `metadata_props` as it stands in a serialised model."""
    body = b"".join(delimited(number, text.encode()) for number, text in ((1, key), (2, value)))
    return delimited(METADATA, body)


def without(data: bytes, keys: set[str]) -> bytes:
    """A serialised model without the `metadata_props` that have these keys; nothing else is touched."""
    return b"".join(part.whole for part in fields(data) if not (part.number == METADATA and _pair(part)[0] in keys))
