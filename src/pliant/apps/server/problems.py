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
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pliant.errors import ContractError, InputError, OutOfMemory, PictureError, PliantError, UsageError

MEDIA = "application/problem+json"
INFERENCE = "/v2"  # whose clients, written by others, understand {"error": "..."} alone
FULL = (errno.ENOSPC, errno.EDQUOT)
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 401, 403, 404, 408, 413, 415, 421, 422, 429, 500, 503, 507)
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


class Problem(Exception):  # noqa: N818 - what RFC 9457 calls it
    """A request that is refused: the status and one or two sentences; `headers` go with the answer."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})

    def as_json(self) -> dict[str, Any]:
        """The body of the answer."""
        title = HTTPStatus(self.status).phrase
        return {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}


def problem_of(error: BaseException) -> Problem:
    """What an exception means to a client. What is not expected tells nothing of the inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, OutOfMemory | MemoryError):
        return Problem(503, "There is not enough memory for this now; try again later, or a smaller picture.")
    if isinstance(error, PliantError):
        return Problem(_status(error), str(error))
    if isinstance(error, OSError) and error.errno in FULL:
        return Problem(507, "The server's disk is full; try again later.")
    return Problem(500, "The server failed. Its log tells why, under the id in the header Pliant-Request.")


def _status(error: PliantError) -> int:
    if isinstance(error, UsageError):
        return 400
    if isinstance(error, PictureError | ContractError | InputError):
        full = isinstance(error.__cause__, OSError) and error.__cause__.errno in FULL
        return 507 if full else 422
    return 422


def answer(problem: Problem, path: str = "") -> JSONResponse:
    """The problem as an answer on this path: on those of the Open Inference Protocol it has the protocol's form."""
    if path == INFERENCE or path.startswith(f"{INFERENCE}/"):
        return JSONResponse({"error": problem.detail}, problem.status, problem.headers)
    return JSONResponse(problem.as_json(), problem.status, problem.headers, MEDIA)


def register(app: FastAPI) -> None:
    """Let every exception of a route be answered with problem details."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        return answer(problem_of(error), request.url.path)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        faults = [f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}" for fault in error.errors()]
        return answer(Problem(400, f"{'; '.join(faults)}."), request.url.path)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return answer(_plain(request.method, error), request.url.path)

    for kind in (Problem, PliantError, MemoryError, OSError, Exception):
        app.add_exception_handler(kind, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def _plain(method: str, error: HTTPException) -> Problem:
    """An error of the framework, in our words."""
    if error.status_code == 404:
        return Problem(404, "There is nothing at this path; /openapi.json lists what there is.")
    if error.status_code == 405:
        return Problem(405, f"{method} is not possible here; /openapi.json tells what is.", error.headers)
    return Problem(error.status_code, str(error.detail), error.headers)
