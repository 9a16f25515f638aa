"""What every request passes before a route sees it: who asks, from where, and how much comes.

Plain ASGI (https://asgi.readthedocs.io/en/latest/specs/www.html), because a body must be counted while it arrives.
"""

from __future__ import annotations

import asyncio
import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pliant.apps.server.problems import Problem, answer
from pliant.apps.server.settings import MIB, Settings, is_loopback

OPEN = ("/health/live", "/health/ready", "/", "/favicon.ico")  # need no token
ASSETS = "/assets/"
LOCAL = ("localhost", "127.0.0.1", "[::1]")
SAFE = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


class Guards:
    """Refuses with problem details, or hands the request on."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        for check in (self._host, self._origin, self._token, self._length):
            problem = check(scope, headers)
            if problem is not None:
                await answer(problem, scope["path"])(scope, receive, _plus(send))
                return
        await self._app(scope, self._counted(receive), _plus(send))

    def _host(self, scope: Scope, headers: Headers) -> Problem | None:
        """A page of another site could give its own name the address of this machine (DNS rebinding)."""
        del scope
        host = headers.get("host", "").lower()
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if self._settings.tokens or not is_loopback(self._settings.host) or name in (*LOCAL, self._settings.host):
            return None
        return Problem(421, f"This server is not called {name[:60]!r}; use http://127.0.0.1 or http://localhost.")

    def _origin(self, scope: Scope, headers: Headers) -> Problem | None:
        origin = headers.get("origin")
        own = f"{scope.get('scheme', 'http')}://{headers.get('host', '')}"
        if origin is None or origin in (own, *self._settings.origins):
            return None
        return Problem(403, "Pages of other sites may not ask this server; --origin allows one.")

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
        text = headers.get("content-length", "0")
        if not (text.isascii() and text.isdigit()):
            return Problem(400, "The header Content-Length is no number.")
        return self._too_large() if int(text) > self._settings.body else None

    def _too_large(self) -> Problem:
        return Problem(413, f"The body is larger than {self._settings.body / MIB:g} MiB; send a smaller picture.")

    def _counted(self, receive: Receive) -> Receive:
        """`receive`, which raises Problem for a body that is too large or does not come."""
        total, complete = 0, False
        started = asyncio.get_running_loop().time()

        async def counted() -> Message:
            nonlocal total, complete
            if complete:  # what comes now is that the client has gone, whenever that is
                return await receive()
            left = started + self._settings.seconds - asyncio.get_running_loop().time()
            try:
                message = await asyncio.wait_for(receive(), min(self._settings.idle, max(0.0, left)))
            except asyncio.TimeoutError:
                raise Problem(408, "The body came too slowly; send it again.", {"Connection": "close"}) from None
            total += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if total > self._settings.body:
                raise self._too_large()
            return message

        return counted


def _plus(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *SAFE]
        await send(message)

    return sent
