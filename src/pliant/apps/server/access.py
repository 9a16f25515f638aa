"""Every request is counted and logged, and gets an id; what nobody expected is answered here."""

from __future__ import annotations

from time import perf_counter
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pliant.apps.server.logs import LOGGER, Json, to_stderr
from pliant.apps.server.metrics import Metrics
from pliant.apps.server.problems import answer, problem_of

__all__ = ["LOGGER", "Access", "Json", "to_stderr"]

METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS")
GONE = 499  # no status of HTTP: the client went before there was an answer


class Access:
    """The outermost layer. The id of a request is in the header Pliant-Request of its answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. Raises only if the answer has begun already."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, request, seen = perf_counter(), uuid4().hex, {"status": GONE, "bytes": 0}

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"pliant-request", request.encode())]
            seen["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except ClientDisconnect:
            pass  # there is nobody to answer
        except Exception as error:
            LOGGER.exception("failed", extra={"facts": {"request": request}})
            if seen["status"] != GONE:
                raise
            await answer(problem_of(error), scope["path"])(scope, receive, sent)
        finally:
            self._tell(scope, request, seen, perf_counter() - started)

    def _tell(self, scope: Scope, request: str, seen: dict[str, int], seconds: float) -> None:
        # the pattern of the path: what stands in it may be anything, and would make a counter of its own
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.requests.labels(method, route, str(seen["status"])).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        client = (scope.get("client") or ("", 0))[0]
        facts = {"request": request, "method": method, "route": route, **seen, "seconds": round(seconds, 4)}
        LOGGER.info("request", extra={"facts": {**facts, "client": client}})
