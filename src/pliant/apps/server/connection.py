"""A client's connection: uvicorn's own, with an end to all waiting.

uvicorn waits for ever for the first line of a request, for the rest of a body that was refused, and for a client that
takes no more of an answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from pliant.apps.server.guards import HEAD
from pliant.apps.server.logs import LOGGER
from pliant.apps.server.problems import MEDIA, Problem
from pliant.apps.server.settings import Settings

LINGER = 5.0  # seconds in which a client may notice that its body is not wanted
SAID = {
    400: "This is not a request of HTTP/1.1.",
    408: "The request came too slowly; send it again.",
    431: f"The path and the headers are longer than {HEAD >> 10} KiB; send shorter ones.",
    501: "The body is encoded in a way that this server does not know; send it plain or chunked.",
    503: "Too many clients are connected; try again soon.",
}


def connection(settings: Settings) -> type[H11Protocol]:
    """The class of connections that keep to the limits of `settings`; for uvicorn's `http`."""

    class Limited(Connection):
        limits = settings

    return Limited


class Connection(H11Protocol):
    """See the module. `limits.idle` is how long anything is waited for."""

    limits: Settings

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head: asyncio.TimerHandle | None = None  # until a request is there
        self._taking: asyncio.TimerHandle | None = None  # until the client takes more of an answer
        self._leaving: asyncio.TimerHandle | None = None  # until the connection is cut, whatever comes
        self._refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(_Patient(transport, self))  # type: ignore[arg-type]
        self._head = self.loop.call_later(self.limits.idle, self._too_slow)
        if len(self.connections) > self.limits.connections:
            self._refuse(503)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._leaving is not None:
            return
        if self._head is None and not self._answering:
            self._head = self.loop.call_later(self.limits.idle, self._too_slow)
        super().data_received(data)
        if self._answering:
            self._head = _cancelled(self._head)

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`: the client takes less than comes."""
        super().pause_writing()
        self._taking = self.loop.call_later(self.limits.idle, self.transport.abort)

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._taking = _cancelled(self._taking)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._head, self._taking, self._leaving = map(_cancelled, (self._head, self._taking, self._leaving))
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn while it handles what h11 says about a request that is none."""
        del msg
        hint = getattr(sys.exc_info()[1], "error_status_hint", 400)
        self._refuse(hint if hint in SAID else 400)

    def closes(self, transport: asyncio.Transport) -> None:
        """Close the connection when the answer is sent, and not before the client can have read it.

        A system that is told to close while bytes still come lets the other side forget what it was sent.
        """
        if self._leaving is not None:
            transport.close()
            return
        unread = self.conn.their_state is h11.SEND_BODY or self._refused
        self._leaving = self.loop.call_later(LINGER if unread else self.limits.idle, transport.abort)
        if unread and transport.can_write_eof():
            transport.write_eof()
            transport.resume_reading()  # what comes is thrown away
        else:
            transport.close()

    @property
    def leaving(self) -> bool:
        """Whether `closes` was called."""
        return self._leaving is not None

    @property
    def _answering(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _too_slow(self) -> None:
        self._head = None
        if self.conn.trailing_data[0]:
            self._refuse(408)
        else:
            self.transport.abort()

    def _refuse(self, status: int) -> None:
        """Answer without a request, and close."""
        self._refused, self._head = True, _cancelled(self._head)
        problem = Problem(status, SAID[status])
        LOGGER.info("refused", extra={"facts": {"status": status, "client": (self.client or ("", 0))[0]}})
        body = json.dumps(problem.as_json()).encode()
        headers = [("Content-Type", MEDIA), ("Content-Length", str(len(body))), ("Connection", "close")]
        headers += [("Retry-After", "5")] if status == 503 else []
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            for event in (
                h11.Response(status_code=status, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class _Patient:
    """A transport whose `close` is decided by the connection."""

    def __init__(self, transport: asyncio.BaseTransport, owner: Connection) -> None:
        self._transport, self._owner = transport, owner

    def close(self) -> None:
        """See `Connection.closes`."""
        self._owner.closes(self._transport)  # type: ignore[arg-type]

    def is_closing(self) -> bool:
        """Also while the connection lingers."""
        return self._owner.leaving or self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
