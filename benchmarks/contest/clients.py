"""Many clients of `pliant serve` in one process, on plain sockets: a client library would be the slower part."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 120.0  # seconds for one answer
AGAIN = 0.05  # seconds after which one that was refused comes back: sooner than it is told, to press on


@dataclass
class Seen:
    """What came back."""

    statuses: Counter[str] = field(default_factory=Counter[str])
    failures: Counter[str] = field(default_factory=Counter[str])
    latencies: list[float] = field(default_factory=list[float])
    without_retry: int = 0


class Connection:
    """One that is kept, and opened anew where the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer, whose body has come."""
        if self._streams is None or self._streams[0].at_eof():  # the server closes what was not used for long
            self.close()
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            self.close()
        return int(head[0].split()[1]), headers

    def close(self) -> None:
        """The next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def once(connection: Connection, request: bytes, since: float, seen: Seen) -> int:
    """Ask, and put down what came; 0 if nothing did."""
    try:
        status, headers = await asyncio.wait_for(connection.ask(request), PATIENCE)
    except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
        connection.close()
        seen.failures[type(error).__name__] += 1
        return 0
    seen.statuses[str(status)] += 1
    if status == 200:
        seen.latencies.append(time.monotonic() - since)
    if status == 429 and not headers.get("retry-after", "").isdigit():
        seen.without_retry += 1
    return status


async def closed(port: int, requests: list[bytes], clients: int, seconds: float, seen: Seen) -> None:
    """Each client asks again when it has its answer, until the time is over."""
    end = time.monotonic() + seconds

    async def one(k: int) -> None:
        connection = Connection(port)
        while (now := time.monotonic()) < end:
            if await once(connection, requests[k % len(requests)], now, seen) != 200:
                await asyncio.sleep(AGAIN)
            k += 1
        connection.close()

    await asyncio.gather(*map(one, range(clients)))


async def opened(port: int, requests: list[bytes], rate: float, seconds: float, seed: int, seen: Seen) -> None:
    """Requests at random times, `rate` of them each second on average (a Poisson process)."""
    chance, at, started = random.Random(seed), 0.0, time.monotonic()
    free: list[Connection] = []
    going: list[Awaitable[None]] = []

    async def one(k: int, since: float) -> None:
        connection = free.pop() if free else Connection(port)
        await once(connection, requests[k % len(requests)], since, seen)
        free.append(connection)

    while (at := at + chance.expovariate(rate)) < seconds:
        await asyncio.sleep(max(0.0, started + at - time.monotonic()))
        going.append(asyncio.ensure_future(one(len(going), started + at)))
    await asyncio.gather(*going)
    for connection in free:
        connection.close()


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """What came back of a load: {"port", "files", "factor", "seconds"} and "clients", or "rate" and "seed"."""
    bodies = [Path(file).read_bytes() for file in question["files"]]
    first = f"POST /v1/upscale?factor={question['factor']} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\n"
    requests = [f"{first}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]
    seen, port, seconds = Seen(), question["port"], question["seconds"]
    run: Callable[[], Awaitable[None]] = (
        (lambda: closed(port, requests, question["clients"], seconds, seen))
        if "clients" in question
        else (lambda: opened(port, requests, question["rate"], seconds, question["seed"], seen))
    )

    async def all_of_it() -> None:
        await run()

    started = time.monotonic()
    asyncio.run(all_of_it())
    return {
        "seconds": time.monotonic() - started,
        "statuses": seen.statuses,
        "failures": seen.failures,
        "latencies": seen.latencies,
        "without_retry": seen.without_retry,
    }


def serve_questions() -> None:
    """Answer each line of stdin."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
