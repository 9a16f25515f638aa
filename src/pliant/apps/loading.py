"""The model that a user means, as a session."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from pliant.apps.models import find
from pliant.engines.base import Session, load


@contextmanager
def loaded(model: str | os.PathLike[str] | Session | None, engine: str) -> Generator[tuple[Session, str], None, None]:
    """The session and what to call its model; a session that the caller gave stays open."""
    if isinstance(model, Session):
        yield model, model.contract.provenance.source or "the session's model"
        return
    path = find(model)
    with load(path, engine) as session:
        yield session, path.stem
