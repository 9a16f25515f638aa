"""What `pliant serve` is told, and the limits it works within."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from math import inf
from pathlib import Path

from pliant.errors import UsageError

MIB, GIB, MP = 1 << 20, 1 << 30, 1_000_000
LEAST_TOKEN = 16  # characters; shorter ones can be guessed
VISIBLE = re.compile(r"[!-~]+")
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?|https?://\[[0-9a-f:]+\](:[0-9]+)?")


def state_folder() -> Path:
    """Where jobs lie unless the user says otherwise: the system's folder for what must survive a restart."""
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "state") / "pliant" / "jobs"


@dataclass(frozen=True)
class Settings:
    """Where the server listens, what it offers and what it refuses. Times are in seconds.

    `models` are names of shipped models, or NAME=PATH of ONNX files; all shipped ones if empty. The first is the
    default. `body` is in bytes, `pixels_in` and `pixels_out` are of one picture, all frames of a moving one counted.
    `workers` requests are computed at the same time, by `threads` together, or as many as the engine takes; `queue`
    more may wait, each for `seconds` in all. `idle` is how long a client may send nothing in the middle of a request,
    or take nothing of an answer; `connections` clients may be connected. `origins` are other sites whose pages may ask,
    as browsers call them: https://example.org.

    Jobs lie in the folder `jobs`, which no other server uses; None for a server without jobs. A finished job is kept
    for `keep`. `jobs_queue` may wait, and all together may have `jobs_bytes` on disk.

    Raises UsageError for what makes no sense or is not safe.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    tokens: tuple[str, ...] = field(default=(), repr=False)
    models: tuple[str, ...] = ()
    engine: str = "auto"
    precision: str | None = None
    max_error: float | None = None
    body: int = 64 * MIB
    pixels_in: int = 64 * MP
    pixels_out: int = 256 * MP
    workers: int = 1
    threads: int | None = None
    queue: int = 16
    seconds: float = 300.0
    idle: float = 30.0
    connections: int = 256
    jobs: Path | None = field(default_factory=state_folder)
    keep: float = 24 * 3600.0
    jobs_queue: int = 100
    jobs_bytes: int = 10 * GIB
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (
            "body",
            "pixels_in",
            "pixels_out",
            "workers",
            "seconds",
            "idle",
            "connections",
            "keep",
            "jobs_queue",
            "jobs_bytes",
        ):
            if not 0 < getattr(self, name) < inf:
                raise UsageError(f"{name} is {getattr(self, name)}; give a number above 0.")
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"threads is {self.threads}; give 1 or more.")
        if self.queue < 0:
            raise UsageError(f"queue is {self.queue}; give 0 or more.")
        if any(len(token) < LEAST_TOKEN or not VISIBLE.fullmatch(token) for token in self.tokens):
            raise UsageError(
                f"A token has fewer than {LEAST_TOKEN} characters, a space, or others than ASCII has; make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe())"'
            )
        for origin in self.origins:
            if not ORIGIN.fullmatch(origin):
                raise UsageError(f"{origin!r} is no site; give it as browsers do: https://example.org, without a path.")
        if not self.tokens and not is_loopback(self.host):
            raise UsageError(
                f"The server would listen on {self.host} for everybody. Give tokens in PLIANT_SERVE_TOKENS or with "
                "--tokens-file, or listen on 127.0.0.1."
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
