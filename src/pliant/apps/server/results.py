"""Files as answers."""

from __future__ import annotations

import json
from pathlib import Path

from fastapi.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from pliant.apps.server.problems import Problem, answer
from pliant.apps.server.task import Made

PIECE = 1 << 20  # bytes that are read at once
SMALL = 1 << 20  # bytes of a result that is answered from memory: each look at a file is a turn of another thread


def headers(made: Made) -> dict[str, str]:
    """What is to tell about a result; sizes as 1920x1080, notes as a list in JSON, all of it ASCII."""
    return {
        "Pliant-Source-Size": "{}x{}".format(*made.source_size),
        "Pliant-Size": "{}x{}".format(*made.size),
        "Pliant-Factor": repr(made.factor),
        "Pliant-Model": made.model,
        "Pliant-Engine": made.engine,
        "Pliant-Seconds": f"{made.seconds:.3f}",
        "Pliant-Notes": json.dumps(made.notes),
    }


class Sent(FileResponse):
    """A file, whole or in part; `remove` are files that go when it is sent, or cannot be."""

    chunk_size = PIECE

    def __init__(self, path: Path, media: str, headers: dict[str, str] | None = None, remove: tuple[Path, ...] = ()):
        super().__init__(path, media_type=media, headers=headers)
        self._remove = remove

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. What is wrong with a range is told as every other error is."""
        refusal: Message | None = None

        async def told(message: Message) -> None:
            nonlocal refusal
            if message["type"] == "http.response.start" and message["status"] >= 400:
                refusal = message
            if refusal is None:
                await send(message)

        try:
            await super().__call__(scope, receive, told)
            if refusal is not None:
                await answer(_of_range(refusal))(scope, receive, send)
        finally:
            for path in self._remove:
                path.unlink(missing_ok=True)


def _of_range(refusal: Message) -> Problem:
    if refusal["status"] != 416:
        return Problem(400, "The header Range cannot be understood; give bytes=FIRST-LAST.")
    size = dict(refusal["headers"])[b"content-range"].decode("latin-1")
    return Problem(416, "The file has no such range of bytes.", {"Content-Range": size})


def taken(path: Path) -> bytes | None:
    """The content of a small file, which is removed; None if it is large, and stays."""
    if path.stat().st_size > SMALL:
        return None
    content = path.read_bytes()
    path.unlink()
    return content


def picture(made: Made, *remove: Path, content: bytes | None = None) -> Response:
    """A result: its `content`, or its file; `remove` are files that go when that is sent."""
    if content is not None:
        return Response(content, media_type=made.media, headers=headers(made))
    return Sent(made.path, made.media, headers(made), remove)
