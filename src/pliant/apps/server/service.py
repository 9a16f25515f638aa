"""What every route is given."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from pliant.apps.server.metrics import Metrics
from pliant.apps.server.models import Models
from pliant.apps.server.problems import Problem
from pliant.apps.server.settings import Settings
from pliant.apps.server.work import Work


@dataclass(frozen=True)
class Service:
    """The parts of a running server. `spool` is a folder for bodies and results on their way."""

    settings: Settings
    models: Models
    work: Work
    metrics: Metrics
    spool: Path

    @classmethod
    def of(cls, settings: Settings) -> Service:
        """Raises UsageError if a model does not exist, and OSError if there is no place for the spool."""
        models = Models(settings)
        work = Work(settings.workers, settings.queue)
        spool = Path(tempfile.mkdtemp(prefix="pliant-serve-"))
        return cls(settings, models, work, Metrics(work), spool)

    def check_ready(self) -> None:
        """Raise Problem (503) if work is not taken now."""
        if not self.models.is_loaded(self.models.default):
            raise Problem(503, "The default model is still being loaded; try again soon.", {"Retry-After": "2"})
        if not self.work.accepts:
            raise Problem(503, "The queue is full, or the server is shutting down.", {"Retry-After": "2"})

    def close(self) -> None:
        """Finish what runs, and free everything."""
        import shutil

        self.work.close()
        self.models.close()
        shutil.rmtree(self.spool, ignore_errors=True)
