"""Bytes on a socket, for what no client library would send."""

from __future__ import annotations

import json
import select
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 60  # seconds


@dataclass
class Answer:
    """What came until the server was done, and whether it closed the connection."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """Problem details."""
        assert self.headers["content-type"] == "application/problem+json", self
        found = json.loads(self.body)
        assert found["status"] == self.status
        return found


class Wire:
    """A connection to the server at `url`; a context manager."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        assert place.hostname
        assert place.port
        self.host = f"{place.hostname}:{place.port}"
        self._socket = socket.create_connection((place.hostname, place.port), PATIENCE)
        self._came = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> Wire:
        """As they are; what the server does not take is lost."""
        self._socket.sendall(data)
        return self

    def request(self, first: str, *headers: str, body: bytes = b"") -> Wire:
        """With the right Host, unless one is given."""
        lines = [first, *(() if any(h.lower().startswith("host:") for h in headers) else (f"Host: {self.host}",))]
        return self.send("\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body)

    def answer(self, *, head: bool = False) -> Answer:
        """The next one, without those of status 1xx; that of a request with HEAD has no body."""
        top, self._came = self._until(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if status < 200:
            return self.answer(head=head)
        length = 0 if head else int(headers.get("content-length", 0))
        while len(self._came) < length:
            self._more()
        body, self._came = self._came[:length], self._came[length:]
        return Answer(status, headers, body)

    def readable(self, seconds: float) -> bool:
        """Whether something comes, or the connection ends, within so many seconds."""
        return bool(select.select([self._socket], [], [], seconds)[0])

    def ended(self) -> bool:
        """Whether the server closes the connection and sends nothing more; waits for it."""
        try:
            return self._came == b"" and self._socket.recv(1) == b""
        except ConnectionError:
            return True

    def _until(self, mark: bytes) -> tuple[bytes, bytes]:
        while mark not in self._came:
            self._more()
        head, _, rest = self._came.partition(mark)
        return head, rest

    def _more(self) -> None:
        piece = self._socket.recv(1 << 16)
        assert piece, f"the connection was closed after {self._came!r}"
        self._came += piece
