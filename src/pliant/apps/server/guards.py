"""What every request passes before a route sees it: who asks, from where, and how much comes.

Plain ASGI (https://asgi.readthedocs.io/en/latest/specs/www.html), because a body must be counted while it arrives.
"""

from __future__ import annotations

import asyncio
import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pliant.apps.server import origins
from pliant.apps.server.problems import Problem, answer
from pliant.apps.server.settings import MIB, Settings, is_loopback

OPEN = ("/health/live", "/health/ready", "/", "/licences.txt", "/favicon.ico")  # need no token
ASSETS = "/assets/"
LOCAL = ("localhost", "127.0.0.1", "[::1]")
HEAD = 32 << 10  # bytes of the first line and the headers
DIGITS = 18  # of a length; Python itself refuses to make numbers of thousands
# for answers that do not say otherwise themselves
SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
CLOSE = (b"connection", b"close")


class Guards:
    """Refuses with problem details, or hands the request on."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "websocket":  # which nothing here speaks, and no check below knows
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = _Body(receive, headers, self._settings)
        sent = self._completed(send, headers, body)
        for check in (self._head, self._host, self._origin, self._token, self._length):
            problem = check(scope, headers)
            if problem is not None:
                await answer(problem, scope["path"])(scope, receive, sent)
                return
            if check == self._origin and (
                allowed := origins.preflight(scope["method"], headers, self._settings.origins)
            ):
                await allowed(scope, receive, sent)
                return
        await self._app(scope, body.receive, sent)

    def _head(self, scope: Scope, headers: Headers) -> Problem | None:
        if scope.get("http_version", "1.1")[:1] not in "123":
            return Problem(505, "This server speaks HTTP/1.1.")
        size = len(scope.get("raw_path") or b"") + len(scope.get("query_string", b""))
        if size + sum(len(name) + len(value) + 4 for name, value in headers.raw) > HEAD:
            return Problem(431, f"The path and the headers are longer than {HEAD >> 10} KiB; send shorter ones.")
        return None

    def _host(self, scope: Scope, headers: Headers) -> Problem | None:
        """A page of another site could give its own name the address of this machine (DNS rebinding)."""
        del scope
        host = headers.get("host", "").lower()
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if self._settings.tokens or not is_loopback(self._settings.host) or name in (*LOCAL, self._settings.host):
            return None
        return Problem(421, f"This server is not called {name[:60]!r}; use http://127.0.0.1 or http://localhost.")

    def _origin(self, scope: Scope, headers: Headers) -> Problem | None:
        del scope
        return origins.check(headers, self._settings.origins)

    def _token(self, scope: Scope, headers: Headers) -> Problem | None:
        path: str = scope["path"]
        if not self._settings.tokens or path in OPEN or path.startswith(ASSETS):
            return None
        kind, _, given = headers.get("authorization", "").partition(" ")
        sent = given.strip().encode("latin-1", "replace")
        # all are compared, and each in constant time: how long it takes tells nothing
        if kind.lower() == "bearer" and any([hmac.compare_digest(sent, t.encode()) for t in self._settings.tokens]):  # noqa: C419
            return None
        return Problem(401, "A token is needed: Authorization: Bearer TOKEN.", {"WWW-Authenticate": "Bearer"})

    def _length(self, scope: Scope, headers: Headers) -> Problem | None:
        del scope
        if "content-length" in headers and "transfer-encoding" in headers:
            return Problem(400, "The body has two lengths, Content-Length and Transfer-Encoding; send one of them.")
        text = headers.get("content-length", "0")
        if not (text.isascii() and text.isdigit()):
            return Problem(400, "The header Content-Length is no number.")
        return too_large(self._settings) if len(text) > DIGITS or int(text) > self._settings.body else None

    def _completed(self, send: Send, headers: Headers, body: _Body) -> Send:
        """`send`, which adds the headers that all answers have."""
        more = (*SAFE, *origins.readable(headers, self._settings.origins))

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                known = {name.lower() for name, _ in given}
                given += [pair for pair in more if pair[0] not in known or pair[0] == b"vary"]
                if not body.complete and CLOSE[0] not in known:
                    given.append(CLOSE)  # or what is left of the body would be taken for the next request
                message["headers"] = given
            await send(message)

        return completed


def too_large(settings: Settings) -> Problem:
    """What is said of such a body."""
    return Problem(413, f"The body is larger than {settings.body / MIB:g} MiB; send a smaller picture.")


class _Body:
    """What a client sends, counted and timed. `complete` says whether all of it has come."""

    def __init__(self, receive: Receive, headers: Headers, settings: Settings) -> None:
        self._receive, self._settings, self._total = receive, settings, 0
        self._end = asyncio.get_running_loop().time() + settings.seconds
        self.complete = "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"

    async def receive(self) -> Message:
        """See ASGI. Raises Problem for a body that is too large or does not come."""
        if self.complete:  # what comes now is that the client has gone, whenever that is
            return await self._receive()
        left = self._end - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, min(self._settings.idle, left)))
        except asyncio.TimeoutError:
            raise Problem(408, "The body came too slowly; send it again.") from None
        self._total += len(message.get("body", b""))
        self.complete = message["type"] == "http.request" and not message.get("more_body", False)
        if self._total > self._settings.body:
            raise too_large(self._settings)
        return message
