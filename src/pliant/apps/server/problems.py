"""Every error as problem details in JSON, but for the Open Inference Protocol, which has a form of its own.

Source: RFC 9457, Problem Details for HTTP APIs.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pliant.errors import OutOfMemory, PliantError, UsageError

MEDIA = "application/problem+json"
PHRASED = frozenset(HTTPStatus)
MEMORY = "There is not enough memory for this now; try again later, or a smaller picture or result."
DISK = "The server's disk is full; try again later."
INFERENCE = "/v2"  # whose clients, written by others, understand {"error": "..."} alone
FULL = (errno.ENOSPC, errno.EDQUOT)
UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 401, 403, 404, 405, 408, 413, 415, 421, 422, 429, 500, 503, 507)
}
SCHEMA = {
    "type": "object",
    "description": "Problem details, RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["about:blank"]},
        "title": {"type": "string", "examples": ["Content Too Large"]},
        "status": {"type": "integer", "examples": [413]},
        "detail": {"type": "string", "examples": ["The body is larger than 64 MiB; send a smaller picture."]},
    },
}


class Problem(HTTPException):
    """A request that is refused: the status and one or two sentences; `headers` go with the answer.

    Of Starlette's kind because FastAPI makes a 400 of any other that is raised while it reads a body.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))

    @property
    def status(self) -> int:
        """The status."""
        return self.status_code

    def as_json(self) -> dict[str, Any]:
        """The body of the answer."""
        title = HTTPStatus(self.status).phrase if self.status in PHRASED else "Error"
        return {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}


def problem_of(error: BaseException) -> Problem:
    """What an exception means to a client. What is not expected tells nothing of the inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, OutOfMemory | MemoryError):
        return Problem(503, MEMORY, {"Retry-After": "5"})
    if is_any(error, FULL):
        return Problem(507, DISK)
    if isinstance(error, PliantError):
        return Problem(400 if isinstance(error, UsageError) else 422, str(error))
    return Problem(500, "The server failed. Its log tells why, under the id in the header Pliant-Request.")


def is_any(error: BaseException | None, codes: tuple[int, ...]) -> bool:
    """Whether the system's reason for an exception, or for what it was raised from, is one of `errno`'s codes."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:  # what is raised from itself would go round for ever
        if isinstance(error, OSError) and error.errno in codes:
            return True
        seen.append(error)
        error = error.__cause__
    return False


def answer(problem: Problem, path: str = "") -> JSONResponse:
    """The problem as an answer on this path: on those of the Open Inference Protocol it has the protocol's form."""
    headers = dict(problem.headers or {})
    if path == INFERENCE or path.startswith(f"{INFERENCE}/"):
        return JSONResponse({"error": problem.detail}, problem.status, headers)
    return JSONResponse(problem.as_json(), problem.status, headers, MEDIA)


def register(app: FastAPI) -> None:
    """Let what is expected of a route be answered with problem details; the rest goes on to `Access`."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        return answer(problem_of(error), request.url.path)

    async def gone(request: Request, error: Exception) -> Response:
        del request, error
        return Response(status_code=499)  # to nobody

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        faults = [f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}" for fault in error.errors()]
        return answer(Problem(400, f"{'; '.join(faults)}."), request.url.path)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return answer(_plain(request.method, error), request.url.path)

    for kind in (Problem, PliantError, MemoryError):
        app.add_exception_handler(kind, known)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def _plain(method: str, error: HTTPException) -> Problem:
    """An error of the framework, in our words."""
    if error.status_code == 404:
        return Problem(404, "There is nothing at this path; /openapi.json lists what there is.")
    if error.status_code == 405:
        return Problem(405, f"{method[:20]} is not possible here; /openapi.json tells what is.", error.headers)
    return Problem(error.status_code, str(error.detail), error.headers)
