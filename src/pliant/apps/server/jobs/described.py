"""What OpenAPI tells about jobs."""

from __future__ import annotations

from typing import Any

from pliant.apps.server.jobs.events import MEDIA
from pliant.apps.server.jobs.job import PATTERN, STATES
from pliant.apps.server.problems import MEDIA as PROBLEM

_ID = "8f14e45fceea167a5a36dedd4bea2543"
_SIZE = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2}
_TIME = {"type": "string", "format": "date-time"}
JOB: dict[str, Any] = {
    "type": "object",
    "required": [
        "id", "state", "progress", "created", "expires", "model", "factor", "source_size", "result_size", "result",
        "problem", "notes",
    ],
    "properties": {
        "id": {"type": "string", "pattern": PATTERN},
        "state": {"enum": list(STATES)},
        "progress": {"type": "number", "minimum": 0, "maximum": 1},
        "created": _TIME,
        "expires": {"oneOf": [_TIME, {"type": "null"}], "description": "When it is removed; null until it has ended."},
        "model": {"type": "string"},
        "factor": {"type": "number"},
        "size": {"type": "string", "description": "As it was asked for, if it was."},
        "source_size": {**_SIZE, "description": "Width and height."},
        "result_size": _SIZE,
        "result": {"type": ["string", "null"], "description": "Where the picture is; null until it is done."},
        "problem": {"oneOf": [{"$ref": "#/components/schemas/Problem"}, {"type": "null"}]},
        "notes": {"type": "array", "items": {"type": "string"}},
    },
    "example": {
        "id": _ID, "state": "running", "progress": 0.25, "created": "2026-01-31T12:00:00.000Z", "expires": None,
        "model": "anyscale", "factor": 2.7, "source_size": [256, 256], "result_size": [691, 691], "result": None,
        "problem": None, "notes": [],
    },
}  # fmt: skip
ID: dict[str, Any] = {"pattern": PATTERN, "example": _ID}
ONE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The job.", "content": {"application/json": {"schema": JOB}}}
}
TAKEN: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The job, which is on disk.",
        "content": {"application/json": {"schema": JOB}},
        "headers": {"Location": {"description": "Its path.", "schema": {"type": "string"}}},
    }
}
RESULT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part of it that the header Range asks for."},
    409: {
        "description": "There is no result: the job has not ended, or failed.",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
}
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events `job`, with the job as data.", "content": {MEDIA: {"schema": {"type": "string"}}}},
    204: {"description": "Nothing will change any more: the client has seen the end and is not to come back."},
}
