"""Equal small requests that wait anyway are computed together.

A request never waits for others: whoever is computed next takes along those like it that have queued up by then, and
they find their result when it is their turn. Each keeps its own place in the queue, its own time and its own client.

benchmarks/serve_batching.py measures what this gains, and thereby `SMALL`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.errors import PliantError

Arrays = tuple[NDArray[Any], ...]
SMALL = 16 * 16  # pixels of a source; at 32 x 32 no gain was certain behind HTTP, from 64 x 64 on there is none
MOST = 16  # requests at once
LARGEST = 512 * 512  # pixels of all results, so that a joined run needs little more memory than a single one
REMEMBERED = 4096  # kinds of joined runs that were compared with single ones
PATIENCE = 0.1  # seconds between looks at whether the client is still there


@dataclass(eq=False)
class Waiting:
    """A request that is to be computed: `inputs` by name, of which `joined` is stacked along its first axis.

    Requests of equal `kind` may be joined; `alone` computes any inputs. `pixels` are of the result.
    """

    kind: Hashable
    inputs: dict[str, NDArray[Any]]
    joined: str
    pixels: int
    alone: Callable[[dict[str, NDArray[Any]]], Arrays]
    result: Arrays | None = None
    done: Event = field(default_factory=Event)


class Batcher:
    """Joins requests. `add` and `remove` are called where requests come in, `compute` in the threads that compute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: list[Waiting] = []
        self._compared: dict[Hashable, bool] = {}
        self.joined = 0  # requests that were computed along with another

    def add(self, waiting: Waiting) -> None:
        """From now on it may be taken along."""
        with self._lock:
            self._pending.append(waiting)

    def remove(self, waiting: Waiting) -> None:
        """Nobody wants it any more, or it is done."""
        with self._lock:
            if waiting in self._pending:
                self._pending.remove(waiting)

    def compute(self, waiting: Waiting, step: Callable[[], None]) -> Arrays:
        """The result of one that was added; `step` is called now and then, and ends the work by raising.

        Bit for bit what it is alone: the first time that so many of a kind are joined, all of them are computed alone
        too, and if any bit differs, so many of this kind are never joined again. Raises what `alone` raises.
        """
        group = self._taken(waiting)
        if not group:  # another thread has taken it along
            while not waiting.done.wait(PATIENCE):
                step()
        elif len(group) > 1:
            self._together(group)
        return waiting.alone(waiting.inputs) if waiting.result is None else waiting.result

    def _taken(self, first: Waiting) -> list[Waiting]:
        """`first` and those like it; nothing if it is taken already."""
        with self._lock:
            if first not in self._pending:
                return []
            group, pixels = [first], first.pixels
            for other in self._pending:
                fits = len(group) < MOST and pixels + other.pixels <= LARGEST
                if other is not first and other.kind == first.kind and fits:
                    group.append(other)
                    pixels += other.pixels
            if self._compared.get((first.kind, len(group))) is False:
                group = [first]
            self._pending = [waiting for waiting in self._pending if waiting not in group]
            return group

    def _together(self, group: list[Waiting]) -> None:
        """Gives each of the group its result. Where it cannot be told, none gets one, and each is computed alone."""
        try:
            results = self._checked(group, _joined(group))
            for waiting, result in zip(group, results, strict=True):
                waiting.result = result
            self.joined += len(group)
        except (PliantError, MemoryError):
            pass  # whose fault it was is found out when each is alone
        finally:
            for waiting in group:
                waiting.done.set()

    def _checked(self, group: list[Waiting], together: list[Arrays]) -> list[Arrays]:
        key = (group[0].kind, len(group))
        if self._compared.get(key):
            return together
        alone = [waiting.alone(waiting.inputs) for waiting in group]
        if len(self._compared) >= REMEMBERED:
            self._compared.clear()
        self._compared[key] = all(_same(*pair) for pair in zip(together, alone, strict=True))
        return alone


def _joined(group: Sequence[Waiting]) -> list[Arrays]:
    first, counts = group[0], [waiting.inputs[waiting.joined].shape[0] for waiting in group]
    stacked = np.concatenate([waiting.inputs[waiting.joined] for waiting in group])
    outputs = first.alone({**first.inputs, first.joined: stacked})
    cuts = np.cumsum(counts)[:-1]
    return list(zip(*(np.split(output, cuts) for output in outputs), strict=True))


def _same(one: Arrays, other: Arrays) -> bool:
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))
