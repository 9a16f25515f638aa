"""One line of JSON for each request, on stderr: never a picture, a token, a query or a file name."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from time import perf_counter
from typing import Any
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pliant.apps.server.metrics import Metrics

LOGGER = logging.getLogger("pliant.serve")


class Json(logging.Formatter):
    """A record as one line of JSON, with what was given as `extra={"facts": ...}`."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        time = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        facts: dict[str, Any] = {"time": time, "level": record.levelname.lower(), "event": record.getMessage()}
        facts.update(getattr(record, "facts", {}))
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return json.dumps(facts)


def to_stderr() -> None:
    """Let the server's log lines go to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json())
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False


class Access:
    """Counts and logs requests, and gives each an id, which the answer has in the header Pliant-Request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, request, seen = perf_counter(), uuid4().hex, {"status": 499, "bytes": 0}

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"pliant-request", request.encode())]
            seen["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            if seen["status"] == 499:
                seen["status"] = 500
            LOGGER.exception("failed", extra={"facts": {"request": request}})
            raise
        finally:
            self._tell(scope, request, seen, perf_counter() - started)

    def _tell(self, scope: Scope, request: str, seen: dict[str, int], seconds: float) -> None:
        # the pattern of the path: what stands in it may be anything, and would make a counter of its own
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in ("GET", "POST", "DELETE", "HEAD", "OPTIONS") else "other"
        self._metrics.requests.labels(method, route, str(seen["status"])).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        client = (scope.get("client") or ("", 0))[0]
        facts = {"request": request, "method": method, "route": route, **seen, "seconds": round(seconds, 4)}
        LOGGER.info("request", extra={"facts": {**facts, "client": client}})
