"""What a cluster is, and what runs on each of its workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from pliant.apps.batch.worker import Answer, Setup, Task
from pliant.errors import UsageError
from pliant.registry import load, names

FAMILY = "pliant.apps.clusters"
USUAL = "ray"
AUTO = "auto"

Portion = Sequence[Task]


class Workers(Protocol):
    """Processes on one or many machines, each of which loads the model once and keeps it for its life.

    `count` is how many there are at most, `threads` how many threads each may compute with.
    """

    count: int
    threads: int

    def answers(self, setup: Setup, portions: Sequence[Portion]) -> Iterator[Answer]:
        """What became of each portion, as soon as a worker has done it.

        In any order, and only as fast as this is taken. A portion whose worker was lost is given to another one, so
        that a task may be done twice, but no portion is answered twice. One whose workers were lost again and again is
        left out. Raises ClusterError if no worker can begin.
        """
        ...


@dataclass(frozen=True)
class Wanted:
    """How many workers a caller asks for, if at all, and how many pictures there are for them."""

    workers: int | None
    pictures: int


@dataclass(frozen=True)
class Cluster:
    """A kind of cluster.

    Functions:
        check: raises MissingExtra if a package is missing, or UsageError if there can be no cluster at an address;
            "auto" stands for one that is running, or else for one on this machine. Nothing is started.
        open: joins the cluster at an address that was checked; what was started for it ends with the block.
    """

    name: str
    check: Callable[[str], None]
    open: Callable[[str, Wanted], AbstractContextManager[Workers]]


@dataclass(frozen=True)
class Place:
    """A cluster and where it is."""

    cluster: Cluster
    address: str

    def open(self, wanted: Wanted) -> AbstractContextManager[Workers]:
        """See `Cluster.open`."""
        return self.cluster.open(self.address, wanted)


def find(text: str) -> Place:
    """The cluster that a user means: "auto" or an address of the usual kind, or NAME:auto, NAME://ADDRESS of another.

    Raises UsageError if there can be none, MissingExtra among them.
    """
    name, colon, address = text.partition(":")
    if not (colon and name in names(FAMILY)):
        name, address = USUAL, text
    if not address.removeprefix("//"):
        raise UsageError(f"{text!r} is no cluster; give --cluster auto, or an address such as 10.0.0.5:6379.")
    cluster: Cluster = load(FAMILY, name, "CLUSTER", extra=name)
    cluster.check(address)
    return Place(cluster, address)
