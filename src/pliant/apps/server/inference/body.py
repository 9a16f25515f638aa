"""The body of a request, on disk while it is large, and what is in it when it was compressed."""

from __future__ import annotations

import zlib
from pathlib import Path
from tempfile import SpooledTemporaryFile

from fastapi import Request

from pliant.apps.server.problems import Problem
from pliant.apps.server.settings import MIB

HEADER = "Inference-Header-Content-Length"
IN_MEMORY = 1 * MIB  # bytes of a body that wait in memory
SMALL = 1 << 16  # bytes that are read at once
WINDOW = {"gzip": 31, "deflate": 15}  # zlib's names for the two formats
ENCODINGS = ("identity", *WINDOW)


class Body:
    """A body that has come, as it came: `encoding` says how it is compressed, `header` how long its JSON is."""

    def __init__(self, file: SpooledTemporaryFile[bytes], encoding: str, header: int | None) -> None:
        self._file, self._encoding, self._header = file, encoding, header
        self._length = file.tell()

    @property
    def small(self) -> bool:
        """Whether reading it takes so little time that it need not wait its turn."""
        return self._encoding == "identity" and self._length <= SMALL

    def parts(self, limit: int) -> tuple[memoryview, memoryview]:
        """The JSON and the binary data behind it, of `limit` bytes together at most. Raises Problem (400, 413)."""
        self._file.seek(0)
        data = self._file.read()
        self._file.close()
        whole = memoryview(data if self._encoding == "identity" else expanded(data, self._encoding, limit))
        header = len(whole) if self._header is None else self._header
        if header > len(whole):
            raise Problem(400, f"{HEADER} says {header:,}, but the body has {len(whole):,} bytes.")
        return whole[:header], whole[header:]


async def received(request: Request, folder: Path) -> Body:
    """Raises Problem: 400 for headers that make no sense, 415 for an encoding that is not known, 408 and 413."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ENCODINGS:
        raise Problem(
            415, f"Content-Encoding is not one of {', '.join(ENCODINGS)}.", {"Accept-Encoding": "gzip, deflate"}
        )
    text = request.headers.get(HEADER)
    if text is not None and not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Problem(400, f"The header {HEADER} is not a number of bytes.")
    file = SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115 - closed when it is read
    try:
        async for piece in request.stream():
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return Body(file, encoding, None if text is None else int(text))


def expanded(data: bytes, encoding: str, limit: int) -> bytes:
    """What was compressed; never more than `limit` bytes are made of it. Raises Problem (400, 413)."""
    reader = zlib.decompressobj(WINDOW[encoding])
    try:
        found = reader.decompress(data, limit + 1)
    except zlib.error:
        raise Problem(400, f"The body is not {encoding}, as Content-Encoding says.") from None
    if len(found) > limit:
        raise Problem(413, f"The body is larger than {limit / MIB:g} MiB when it is decompressed; send less.")
    if not reader.eof or reader.unused_data:
        raise Problem(400, f"The {encoding} of the body ends too early, or something follows it.")
    return found
