"""A cluster whose workers are this process: what is common to all kinds of clusters, without one."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import pytest

from pliant.apps.batch.worker import Answer, Setup, Worker
from pliant.apps.clusters import base
from pliant.apps.clusters.base import Cluster, Place, Portion


class Inline:
    """Workers that lose portions: `lost` has names of pictures, and how often a worker dies of each."""

    count, threads = 2, 1

    def __init__(self, lost: dict[str, int]) -> None:
        self.lost, self.portions = dict(lost), list[list[str]]()

    def answers(self, setup: Setup, portions: Sequence[Portion]) -> Iterator[Answer]:
        worker = Worker(pickle.loads(pickle.dumps(setup)))
        for portion in reversed(portions):
            self.portions.append([task.job.name for task in portion])
            found = worker(pickle.loads(pickle.dumps(list(portion))))
            dying = [task.job.name for task in portion if self.lost.get(task.job.name)]
            for name in dying:
                self.lost[name] -= 1
            if not dying:  # else the worker has died with all that it knew
                yield pickle.loads(pickle.dumps(found))


def use(monkeypatch: pytest.MonkeyPatch, lost: dict[str, int] | None = None) -> Inline:
    """Let every cluster be an inline one."""
    crew = Inline(lost or {})
    cluster = Cluster("inline", lambda address: None, lambda address, wanted: nullcontext(crew))
    monkeypatch.setattr(base, "find", lambda text: Place(cluster, text))
    return crew
