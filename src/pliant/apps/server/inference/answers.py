"""The answer to a request: a JSON object, and binary data behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from fastapi.responses import Response, StreamingResponse

from pliant.apps.server.inference.body import HEADER
from pliant.apps.server.inference.datatypes import datatype_of
from pliant.apps.server.inference.tensors import Array, to_binary, to_json
from pliant.apps.server.settings import MIB

IN_MEMORY = 8 * MIB  # bytes of an answer that wait in memory for a slow client
PIECE = 1 * MIB
BINARY, JSON = "application/octet-stream", "application/json"


@dataclass(frozen=True)
class Answer:
    """An encoded answer of `length` bytes, in memory or in a nameless file; `header` is the length of its JSON."""

    content: bytes | IO[bytes]
    length: int
    header: int | None

    def response(self) -> Response:
        """As HTTP."""
        headers = {"Content-Length": str(self.length)}
        if self.header is not None:
            headers[HEADER] = str(self.header)
        media = JSON if self.header is None else BINARY
        if isinstance(self.content, bytes):
            return Response(self.content, headers=headers, media_type=media)
        return StreamingResponse(_pieces(self.content), headers=headers, media_type=media)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def encoded(facts: dict[str, Any], outputs: Sequence[tuple[str, Array, bool]], folder: Path) -> Answer:
    """The answer with `facts` and these outputs: name, array, and whether as binary data. Raises Problem (422)."""
    begin = json.dumps(facts, separators=(",", ":"))[:-1].encode()
    head = b",".join(_described(*output) for output in outputs)
    head = b'%b,"outputs":[%b]}' % (begin, head)
    binary = [to_binary(array) for _, array, as_binary in outputs if as_binary]
    parts = [head, *binary]
    length = sum(len(part) for part in parts)
    header = len(head) if binary else None
    if length <= IN_MEMORY:
        return Answer(b"".join(parts), length, header)
    file = TemporaryFile(dir=folder)  # noqa: SIM115 - the answer closes it, when it is sent
    for part in parts:
        file.write(part)
    file.seek(0)
    return Answer(file, length, header)


def _described(name: str, array: Array, as_binary: bool) -> bytes:
    facts: dict[str, Any] = {"name": name, "datatype": datatype_of(array.dtype), "shape": list(array.shape)}
    if as_binary:
        facts["parameters"] = {"binary_data_size": array.nbytes}
    text = json.dumps(facts, separators=(",", ":"))
    return (text if as_binary else f'{text[:-1]},"data":[{"".join(to_json(array))}]}}').encode()
