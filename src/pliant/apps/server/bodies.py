"""The picture and the wishes of a request, whatever form it comes in."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from pliant.apps.server.problems import Problem
from pliant.apps.server.wishes import PARAMETERS, Asked

FIELD = "picture"
PIECE = 1 << 20  # bytes that are collected before they are written
FIELDS, LONGEST = 16, 4096  # of a form: how many, and bytes of one that is no file
FORM = "multipart/form-data"
EMPTY = "The body is empty; send the bytes of a picture."
BINARY = {"type": "string", "format": "binary"}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        **{kind: {"schema": BINARY} for kind in ("image/*", "application/octet-stream")},
        FORM: {
            "schema": {
                "type": "object",
                "required": [FIELD],
                "properties": {
                    FIELD: BINARY,
                    **{p["name"]: {**p["schema"], "description": p["description"]} for p in PARAMETERS},
                },
            }
        },
    },
}


async def received(request: Request, folder: Path) -> tuple[Path, Asked]:
    """The picture as a new file in `folder`, and what is asked of it. Disks are waited for in other threads.

    Raises Problem (400, 408, 413), UsageError, or OSError if it cannot be kept; then there is no file.
    """
    query = request.query_params.multi_items()
    path = folder / uuid4().hex
    try:
        if request.headers.get("content-type", "").lower().startswith(FORM):
            return path, Asked.of(single([*query, *await _form(request, path)]))
        asked = Asked.of(single(query))  # before the body: what cannot be done should not be sent
        await _raw(request, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path, asked


def single(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name. Raises Problem (400) for one that is given twice: which of them is meant?"""
    found: dict[str, str] = {}
    for name, value in given:
        if name in found:
            raise Problem(400, f"The parameter {name[:60]!r} is given more than once; give it once.")
        found[name] = value
    return found


async def _raw(request: Request, path: Path) -> None:
    held, total = bytearray(), 0
    async for piece in request.stream():
        held += piece
        total += len(piece)
        if len(held) >= PIECE:
            await run_in_threadpool(_append, path, bytes(held))
            held.clear()
    if not total:
        raise Problem(400, EMPTY)
    await run_in_threadpool(_append, path, bytes(held))


async def _form(request: Request, path: Path) -> list[tuple[str, str]]:
    try:
        async with request.form(max_files=1, max_fields=FIELDS, max_part_size=LONGEST) as form:
            picture = form.get(FIELD)
            if not isinstance(picture, UploadFile):
                raise Problem(400, f"The form has no file in the field {FIELD!r}.")
            if not picture.size:
                raise Problem(400, EMPTY)
            await run_in_threadpool(_copied, picture.file, path)
            return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    except Problem:
        raise
    except HTTPException as error:
        raise Problem(400, f"The form cannot be read: {error.detail}") from error


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def _copied(source: BinaryIO, path: Path) -> None:
    with path.open("xb") as file:
        shutil.copyfileobj(source, file, PIECE)
