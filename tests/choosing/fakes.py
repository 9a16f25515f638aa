"""Engines that take as long as they are told to, by a clock of their own, and err as they are told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnxruntime
import pytest

from pliant.arguments import Array
from pliant.choosing import loading, trials
from pliant.contract import Contract
from pliant.engines import base
from pliant.engines.base import Engine, Options

SPARSE = 50  # one value of so many is wrong


@dataclass
class Clock:
    """Seconds that pass only when an engine works."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Fake:
    """`rate` is in seconds per megapixel of the result, by precision; `off` is by how many grey levels some values are.

    `rest` are seconds to open what is opened when it is first needed. `everywhere` makes that all values.
    `threads` divides the time by their number. `opened` counts.
    """

    name: str
    clock: Clock
    rate: Mapping[str, float]
    start: float = 0.0
    rest: float = 0.0
    off: Mapping[str, float] = field(default_factory=dict)
    everywhere: bool = False
    threaded: bool = False
    missing: str | None = None
    opened: list[Options] = field(default_factory=list)

    def engine(self) -> Engine:
        def missing() -> str | None:
            return self.missing

        return Engine(self.name, "numpy", "numpy", self.open, precisions=tuple(self.rate), runs=missing)

    def open(self, model: bytes, contract: Contract, options: Options) -> Running:
        del contract
        self.opened.append(options)
        self.clock.now += self.start
        return Running(self, onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]), options)


@dataclass
class Running:
    fake: Fake
    session: onnxruntime.InferenceSession
    options: Options

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        (result,) = self.session.run(None, dict(feeds))
        precision = self.options.precision
        seconds = self.fake.rate[precision] * result.shape[2] * result.shape[3] / 1e6
        self.fake.clock.now += seconds / ((self.options.threads or 1) if self.fake.threaded else 1)
        error = self.fake.off.get(precision, 0.0) / 255
        flat = result.reshape(-1)
        at = slice(None) if self.fake.everywhere else slice(None, None, SPARSE)
        flat[at] = np.where(flat[at] > 0.5, flat[at] - error, flat[at] + error)  # stays within the range of a picture
        return [result]

    def ready(self) -> None:
        self.fake.clock.now += self.fake.rest

    def close(self) -> None:
        pass


def install(monkeypatch: pytest.MonkeyPatch, fakes: Sequence[Fake]) -> None:
    """Let these be all engines there are, and "auto" mean that they are measured."""
    found = {fake.name: fake.engine() for fake in fakes}
    find: Callable[[str], Engine] = found.__getitem__
    monkeypatch.delenv(base.MEANT, raising=False)
    monkeypatch.setattr(base, "PREFERENCE", tuple(found))
    monkeypatch.setattr(trials, "SIDES", (32, 16))  # times are made up, so that small pictures do
    for module in (base, loading):
        monkeypatch.setattr(module, "find", find)
        monkeypatch.setattr(module, "engines", lambda: list(found.values()))


def slow_reference(monkeypatch: pytest.MonkeyPatch, clock: Clock, rate: float, once: float = 0.0) -> None:
    """Let the reference take `once` seconds for a run, and `rate` seconds for a megapixel of the result."""
    plain = trials.Reference.__call__

    def slow(self: trials.Reference, feeds: Mapping[str, Array]) -> list[Array]:
        found = plain(self, feeds)
        clock.now += once + rate * found[0].shape[2] * found[0].shape[3] / 1e6
        return found

    monkeypatch.setattr(trials.Reference, "__call__", slow)
