"""Weights files made by hand, as somebody who means harm would make them."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


class Filed:
    """A storage by the name of its bytes, as `torch.save` refers to one."""

    def __init__(self, key: str = "0", count: Any = 4, kind: Any = torch.FloatStorage) -> None:
        self.place = ("storage", kind, key, "cpu", count)


class Claim:
    """A tensor of any shape, strides and offset that somebody claims."""

    def __init__(self, shape: Any, stride: Any, offset: Any = 0, storage: Any = None) -> None:
        self.arguments = (storage or Filed(), offset, shape, stride, False, OrderedDict())

    def __reduce__(self) -> Any:
        return torch._utils._rebuild_tensor_v2, self.arguments


class Pickler(pickle.Pickler):
    """Writes `Filed` as a persistent id."""

    def persistent_id(self, obj: Any) -> Any:
        return obj.place if isinstance(obj, Filed) else None


def program(value: Any, protocol: int = 2) -> bytes:
    """The pickle of a value that may hold `Claim` and `Filed`."""
    stream = io.BytesIO()
    Pickler(stream, protocol).dump(value)
    return stream.getvalue()


def zipped(path: Path, value: Any, files: Mapping[str, bytes] | None = None, method: int = zipfile.ZIP_STORED) -> Path:
    """An archive as `torch.save` writes it: a pickle (bytes are one already) and storages; "0" is of 16 bytes."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("archive/data.pkl", value if isinstance(value, bytes) else program(value))
        for name, data in ({"data/0": bytes(16)} if files is None else files).items():
            archive.writestr(f"archive/{name}", data)
        archive.writestr("archive/version", "3\n")
    return path


def legacy(path: Path, value: Any, keys: Any = ("0",), storages: bytes = struct.pack("<q", 4) + bytes(16)) -> Path:
    """A file as `torch.save` wrote it before 1.6."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    place = Filed("0")
    place.place = (*place.place, None)
    parts = [pickle.dumps(p, 2) for p in (0x1950A86A20F9469CFC6C, 1001, system)]
    path.write_bytes(b"".join([*parts, program(value(place)), pickle.dumps(list(keys), 2), storages]))
    return path


def safetensors(path: Path, header: Any, data: bytes = b"", length: int | None = None) -> Path:
    """A header (text is one already) and bytes, with a length that may be a lie."""
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path
