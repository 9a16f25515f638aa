"""What is computed beside a picture: small ones share the cores, large ones take turns.

As many large pictures at once as there are workers would take as many times the memory, and gain nothing: their work
keeps all cores busy by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from pliant.imaging.network import Network
from pliant.imaging.sizes import Plan
from pliant.imaging.upscaling import side_by_side

PATIENCE = 0.5  # seconds between looks at whether the work should stop, or let others go first


@dataclass
class Turn:
    """To compute one picture, with `network`; `held` is the lock that the next large one waits for."""

    network: Network
    held: Lock | None = None

    def end(self) -> None:
        """The network is not needed any more: writing a result goes on beside the computing of the next."""
        held, self.held = self.held, None
        if held is not None:
            held.release()


@dataclass(frozen=True)
class Beside:
    """`workers` pictures may be computed at the same time; `busy` tells whether there are others now.

    `large` is held by the large picture that is computed. Requests and jobs have one each: a job lets requests go first
    and would wait for a place that those who wait for it have.
    """

    workers: int = 1
    busy: Callable[[], bool] = lambda: False
    large: Lock = field(default_factory=Lock)

    @contextmanager
    def network(self, network: Network, planned: Plan, step: Callable[[float], None]) -> Generator[Turn]:
        """What to compute a picture with, when it is its turn. `step` is called while it is not, and may raise."""
        width, height = planned.computed
        if side_by_side(width * height, self.workers):
            yield Turn(network.several(self.workers) if self.busy() else network)
            return
        while not self.large.acquire(timeout=PATIENCE):
            step(0.0)
        turn = Turn(network, self.large)
        try:
            yield turn
        finally:
            turn.end()
