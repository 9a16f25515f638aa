"""The server's log: one line of JSON for each event, on stderr, without anything that a client sent."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import datetime, timezone
from typing import Any

LOGGER = logging.getLogger("pliant.serve")
OTHERS = ("uvicorn", "uvicorn.error", "asyncio")  # speak of the same server


class Json(logging.Formatter):
    """A record as one line of JSON, with what was given as `extra={"facts": ...}`.

    Of an exception there is its kind and where it was raised, but not its text, which may hold what a client sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        time = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        facts: dict[str, Any] = {"time": time, "level": record.levelname.lower(), "event": record.getMessage().strip()}
        facts.update(getattr(record, "facts", {}))
        if record.exc_info and record.exc_info[1] is not None:
            facts["error"] = _told(record.exc_info[1])
        return json.dumps(facts)


def _told(error: BaseException) -> list[dict[str, Any]]:
    """The exception, and those it came from."""
    told: list[dict[str, Any]] = []
    while True:
        at = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
        told.append({"kind": type(error).__name__, "errno": getattr(error, "errno", None), "at": at})
        further = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if further is None:
            return told
        error = further


def to_stderr() -> None:
    """Let the server's log lines go to stderr, and those of what it runs on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json())
    for logger in (LOGGER, *map(logging.getLogger, OTHERS)):
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO if logger is LOGGER else logging.WARNING)
