"""Contenders that take turns: A, B, C, A, B, C, ..., each in a process of its own, compared before they are timed."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from benchmarks.contest.apart import environment
from benchmarks.contest.base import Array, Contender
from benchmarks.contest.equality import compare

from pliant.imaging.limits import available_memory

SPARE = 1 << 30  # bytes that stay free
ENDURED = 5.0  # seconds: longer runs are not repeated, the one that is compared counts
Say = Callable[[str], None]


@dataclass
class Entrant:
    """A contender in a race. `refused` says why it does not run. `rate` is its last time in seconds per megapixel.

    `megapixels` are those of the largest result that its process has computed.
    """

    family: str
    name: str
    contender: Contender
    python: str
    refused: str = ""
    rate: float = 0.0
    megapixels: float = 0.0
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of its process; see `benchmarks.contest.worker`."""
        assert self.process is not None
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps(request) + "\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = ""
        return json.loads(line) if line else {"failed": f"the process ended with status {self.process.wait()}"}

    def close(self) -> None:
        """End its process, which gives back the memory."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process, self.megapixels = None, 0.0


@dataclass
class Race:
    """All contenders on pictures, one after the other.

    `files` are those of the network, `folder` is for arrays and what processes say, `seconds` how long each contender
    is timed on each picture, about.
    """

    entrants: Sequence[Entrant]
    files: Mapping[str, str]
    folder: Path
    seconds: float
    say: Say
    most: int = 7

    def on(self, given: Array, megapixels: float) -> dict[str, dict[str, Any]]:
        """Figures by the names of contenders, on one picture whose result has so many megapixels.

        "seconds" are the times of all turns, "median" is of them, "cpu" the median of the processor time, "comparison"
        how far the result is from that of the reference; or "refused" why there are none.
        """
        np.save(self._given, given)
        found: dict[str, dict[str, Any]] = {}
        counts: dict[str, int] = {}
        for entrant in self._running():
            self.say(f"{megapixels:.2g} MP: {entrant.contender.title}")
            found[entrant.name], counts[entrant.name] = self._compared(entrant, megapixels)
        for turn in range(max(counts.values(), default=0)):
            self.say(f"{megapixels:.2g} MP: turn {turn + 1} of {max(counts.values())}")
            for entrant in self._running():
                if turn < counts[entrant.name]:
                    self._timed(entrant, megapixels, found[entrant.name])
        for entrant in self._running():
            figures = found[entrant.name]
            figures |= {"median": statistics.median(figures["seconds"]), "cpu": statistics.median(figures.pop("cpus"))}
            entrant.rate = figures["median"] / megapixels
        return {e.name: {"refused": e.refused} if e.refused else found[e.name] for e in self.entrants}

    def close(self) -> None:
        """End all processes."""
        for entrant in self.entrants:
            entrant.close()

    @property
    def _given(self) -> Path:
        return self.folder / "given.npy"

    def _running(self) -> Iterable[Entrant]:
        return [entrant for entrant in self.entrants if not entrant.refused]

    def _compared(self, entrant: Entrant, megapixels: float) -> tuple[dict[str, Any], int]:
        """The figures after the run that is compared, and how many turns are still to come."""
        figures: dict[str, Any] = {"seconds": [], "cpus": []}
        path = self.folder / ("expected.npy" if entrant.contender.reference else "result.npy")
        answer = self._turn(entrant, megapixels, path)
        if answer is None:
            if entrant.contender.reference:
                raise RuntimeError(f"{entrant.contender.title}, with which all are compared: {entrant.refused}.")
            return figures, 0
        expected = np.load(self.folder / "expected.npy", mmap_mode="r")
        figures["comparison"] = asdict(compare(np.load(path, mmap_mode="r"), expected))
        if entrant.rate * megapixels > ENDURED:
            _note(figures, answer)
            return figures, 0
        took = entrant.rate * megapixels or answer["seconds"]
        return figures, max(1, min(self.most, round(self.seconds / took)))

    def _timed(self, entrant: Entrant, megapixels: float, figures: dict[str, Any]) -> None:
        answer = self._turn(entrant, megapixels, None)
        if answer is not None:
            _note(figures, answer)

    def _turn(self, entrant: Entrant, megapixels: float, path: Path | None) -> dict[str, Any] | None:
        """One run in a process that has seen a picture of this size, unless it is the run that is compared."""
        if reason := self._lack(entrant, megapixels):
            entrant.refused = reason
            return None
        fresh = entrant.process is None
        requests: list[dict[str, Any]] = [{"open": dict(self.files)}] if fresh else []
        if fresh or path is not None:
            requests.append({"take": str(self._given)})
        if fresh and path is None:
            requests.append({"run": None})
        requests.append({"run": str(path) if path else None})
        if fresh:
            entrant.process = _started(entrant, self.folder)
        answer: dict[str, Any] = {}
        for request in requests:
            answer = entrant.ask(request)
            if reason := answer.get("missing") or answer.get("failed"):
                entrant.refused = reason
                entrant.close()
                return None
        entrant.megapixels = max(entrant.megapixels, megapixels)
        return answer

    def _lack(self, entrant: Entrant, megapixels: float) -> str:
        """Why there is not enough memory, empty if there is.

        Where it would not do, the processes of the others end; they start again when it is their turn.
        """
        needed = megapixels * 1e6 * entrant.contender.memory + SPARE
        for other in self.entrants:
            if available_memory() < needed and other is not entrant:
                other.close()
        free, kept = available_memory(), entrant.megapixels >= megapixels  # its process may have kept what is missing
        return (
            "" if kept or free >= needed else f"needs about {needed / 1e9:.0f} GB of memory; {free / 1e9:.0f} are free"
        )


def _note(figures: dict[str, Any], answer: Mapping[str, Any]) -> None:
    figures["seconds"].append(answer["seconds"])
    figures["cpus"].append(answer["cpu"])


def _started(entrant: Entrant, folder: Path) -> subprocess.Popen[str]:
    command = [entrant.python, "-m", "benchmarks.contest.worker", entrant.family, entrant.name]
    said: IO[str] = (folder / f"{entrant.family}.{entrant.name}.log").open("w")
    with said:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, env=environment()
        )


def entrants(family: str, peers: str | None = None) -> list[Entrant]:
    """All contenders of a package in the order of the tables; those that run apart do so in the Python `peers`."""
    from pliant.registry import load, names

    found = [(name, load(family, name, "CONTENDER", extra="bench")) for name in names(family)]
    return [
        Entrant(family, name, contender, (peers or sys.executable) if contender.apart else sys.executable)
        for name, contender in sorted(found, key=lambda pair: pair[1].order)
    ]
