"""The picture and the wishes of a request, whatever form it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from pliant.apps.server.problems import Problem
from pliant.apps.server.wishes import PARAMETERS, Asked

FIELD = "picture"
PIECE = 1 << 20  # bytes
FORM = "multipart/form-data"
BINARY = {"type": "string", "format": "binary"}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        **{
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/*", "application/octet-stream")
        },
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
    """The picture as a new file in `folder`, and what is asked of it.

    Raises Problem (400, 408, 413) or UsageError; then there is no file.
    """
    query = dict(request.query_params)
    path = folder / uuid4().hex
    try:
        if request.headers.get("content-type", "").lower().startswith(FORM):
            return path, Asked.of({**query, **await _form(request, path)})
        asked = Asked.of(query)  # before the body: what cannot be done should not be sent
        await _raw(request, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path, asked


async def _raw(request: Request, path: Path) -> None:
    total = 0
    with path.open("wb") as file:
        async for piece in request.stream():
            file.write(piece)
            total += len(piece)
    if not total:
        raise Problem(400, "The body is empty; send the bytes of a picture.")


async def _form(request: Request, path: Path) -> Mapping[str, str]:
    try:
        async with request.form(max_files=1, max_fields=16) as form:
            picture = form.get(FIELD)
            if not isinstance(picture, UploadFile):
                raise Problem(400, f"The form has no file in the field {FIELD!r}.")
            with path.open("wb") as file:
                while piece := await picture.read(PIECE):
                    file.write(piece)
            return {name: value for name, value in form.multi_items() if isinstance(value, str)}
    except MultiPartException as error:
        raise Problem(400, f"The form cannot be read: {error.message}") from error
