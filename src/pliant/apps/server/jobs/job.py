"""One job, as it is kept and as it is told."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pliant.apps.server.task import Made
from pliant.apps.server.wishes import Asked
from pliant.apps.steps import Wish

PATTERN = "^[0-9a-f]{32}$"
QUEUED, RUNNING, DONE, FAILED, CANCELLED = STATES = ("queued", "running", "done", "failed", "cancelled")
ENDED = (DONE, FAILED, CANCELLED)
_ID = re.compile(PATTERN.strip("^$"))


def new_id() -> str:
    """128 random bits in hexadecimal digits: whoever knows it may have the result."""
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    """Whether `new_id` could have made it; nothing else is ever part of a path."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True)
class Job:
    """What is asked and what has become of it.

    Sizes are (width, height), `created` and `ended` seconds since 1970, `progress` from 0 to 1. `asked` names its
    model. `made` is there when it is done, `problem` (RFC 9457) when it failed.
    """

    id: str
    asked: Asked
    source_size: tuple[int, int]
    result_size: tuple[int, int]
    factor: float
    created: float
    state: str = QUEUED
    progress: float = 0.0
    ended: float | None = None
    made: Made | None = None
    problem: dict[str, Any] | None = None

    def as_json(self, keep: float) -> dict[str, Any]:
        """What clients see; `keep` is for how many seconds an ended job is kept."""
        made, size = self.made, self.asked.wish.size
        return {
            "id": self.id,
            "state": self.state,
            "progress": round(self.progress, 4),
            "created": _time(self.created),
            "expires": _time(self.ended + keep) if self.ended is not None else None,
            "model": self.asked.model,
            "factor": made.factor if made else self.factor,
            **({} if size is None else {"size": "x".join(str(side or "") for side in size)}),
            "source_size": made.source_size if made else self.source_size,
            "result_size": made.size if made else self.result_size,
            "result": f"/v1/jobs/{self.id}/result" if self.state == DONE else None,
            "problem": self.problem,
            "notes": made.notes if made else (),
        }


def asked_as_json(asked: Asked) -> dict[str, Any]:
    """What `asked_of` takes."""
    return {"model": asked.model, **asdict(asked.wish)}


def asked_of(kept: dict[str, Any]) -> Asked:
    """What `asked_as_json` was given."""
    size = kept["size"]
    wish = {name: value for name, value in kept.items() if name not in ("model", "size")}
    return Asked(Wish(size=None if size is None else (size[0], size[1]), **wish), kept["model"])


def made_as_json(made: Made) -> dict[str, Any]:
    """What `made_of` takes: all but the path."""
    return {name: value for name, value in asdict(made).items() if name != "path"}


def made_of(kept: dict[str, Any], path: Path) -> Made:
    """What `made_as_json` was given, with the file that it is about."""
    facts: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return Made(path=path, **facts)


def _time(seconds: float) -> str:
    """As in RFC 3339."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
