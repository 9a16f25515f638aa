"""Not to be had here."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.contest.base import Contender, Run, UnavailableError


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    raise UnavailableError(f"needs more than {len(files)} files")


CONTENDER = Contender("missing", start, order=2)
