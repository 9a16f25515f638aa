"""What was measured, and where it is remembered: one small JSON file for each model, machine and precision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

from pliant.artifact import write_atomically
from pliant.cache import folder, key
from pliant.choosing.deviation import Deviation
from pliant.errors import InputError

FORMAT = 1
BUSY = 1.5  # times as long as the shortest run
FOLDER = "choices"


@dataclass(frozen=True)
class Trial:
    """One engine on one model, in one setting.

    `start` is how many seconds it takes until the first result, beyond what a later one takes: importing the engine,
    loading and compiling. `rates` are seconds per megapixel of the result, by the factor ("" if there is none).
    `deviation` is that from the file in float32. `reason` says, in a sentence, why there are no figures; empty if there
    are. `spread` is how many times as long as the shortest run the next one took. `late` says that there was no
    time to try it. `further` has settings that only some engines know.
    """

    engine: str
    version: str
    precision: str
    threads: int | None = None
    start: float = 0.0
    rates: dict[str, float] = field(default_factory=dict[str, float])
    deviation: Deviation | None = None
    spread: float = 1.0
    late: bool = False
    reason: str = ""
    further: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """For people."""
        threads = f" on {self.threads} threads" if self.threads is not None else ""
        return f"{self.engine} in {self.precision}{threads}"

    def rate(self, factor: float | None = None) -> float:
        """Seconds per megapixel at a factor: as at the measured one that is whole, or not, as it is.

        Of one that is not known, their geometric mean: an engine that is twice as fast at one kind of factor, and half
        as fast at the other, is as good as one that is alike at both.
        """
        alike = [r for f, r in self.rates.items() if factor is not None and f and _whole(float(f)) == _whole(factor)]
        counted = alike[:1] or list(self.rates.values())
        return prod(counted) ** (1 / len(counted))


def _whole(factor: float) -> bool:
    return factor == int(factor)


@dataclass(frozen=True)
class Record:
    """All trials of one round. `facts` are what they hold for, as JSON can hold it; `shapes` those of what was run.

    `seconds` is how long it took, `tries` how often it was measured.
    """

    facts: Mapping[str, Any]
    trials: tuple[Trial, ...]
    shapes: tuple[str, ...] = ()
    seconds: float = 0.0
    tries: int = 1

    @property
    def disturbed(self) -> bool:
        """Whether the machine was so busy that the times say little."""
        return any(trial.late or trial.spread > BUSY for trial in self.trials)

    def after(self, before: Record) -> Record:
        """The same, where what was measured before was better: what disturbs a run only makes it longer."""
        known = {trial.name: trial for trial in before.trials}
        trials = tuple(_better(trial, known.get(trial.name)) for trial in self.trials)
        return replace(self, trials=trials, tries=before.tries + 1)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"format": FORMAT, **asdict(self)}


def _better(new: Trial, old: Trial | None) -> Trial:
    if old is None or not old.rates:
        return new
    if not new.rates:
        return old
    rates = {factor: min(rate, old.rates.get(factor, rate)) for factor, rate in new.rates.items()}
    return replace(new, rates=rates, start=min(new.start, old.start))


def remembered(facts: Mapping[str, Any]) -> Record | None:
    """What was measured under the same facts; None if nothing was, or its file is broken."""
    try:
        data = json.loads(_path(facts).read_text(encoding="utf-8"))
        if data["format"] != FORMAT or data["facts"] != json.loads(json.dumps(facts)):
            return None
        trials = tuple(_trial(entry) for entry in data["trials"])
        return Record(facts, trials, tuple(data["shapes"]), float(data["seconds"]), int(data["tries"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def knows(fingerprint: str) -> bool:
    """Whether anything is remembered of a model; cheaper than finding out what the machine and its engines are."""
    try:
        return any(folder().joinpath(FOLDER).glob(f"{_head(fingerprint)}-*.json"))
    except OSError:
        return False


def remember(record: Record) -> bool:
    """Keep a record. Returns whether it could be written; if not, it is measured again next time, and that is all."""
    path = _path(record.facts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(record.as_dict(), indent=1).encode())
    except (OSError, InputError):
        return False
    return True


def _path(facts: Mapping[str, Any]) -> Path:
    return folder() / FOLDER / f"{_head(str(facts['model']))}-{key(facts)}.json"


def _head(fingerprint: str) -> str:
    return key(fingerprint)[:12]


def _trial(entry: Any) -> Trial:
    told = entry["deviation"]
    rates = {str(name): float(rate) for name, rate in entry["rates"].items()}
    given: dict[str, Any] = {**entry, "rates": rates, "deviation": None if told is None else Deviation(**told)}
    found = Trial(**given)
    if not (found.reason or (rates and found.deviation)):
        raise ValueError("a trial without figures")
    return found
