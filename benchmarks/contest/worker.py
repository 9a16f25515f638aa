"""The process that a contender lives in: it opens the contender, and runs and times it when told to.

    python -m benchmarks.contest.worker FAMILY NAME

FAMILY is the package of the contender. Requests are lines of JSON on standard input, answers lines of JSON on standard
output: `{"open": files}`, `{"take": path of an array}`, `{"run": path for the result or null}`. An answer has "seconds"
and "cpu", the processor time of all threads; or "missing", why the contender cannot run here; or "failed".
"""

from __future__ import annotations

import json
import os
import resource
import sys
import warnings
from importlib import import_module
from time import perf_counter
from typing import IO, Any

import numpy as np
from benchmarks.contest.base import Array, Contender, Run, UnavailableError


class Served:
    """One contender."""

    def __init__(self, contender: Contender) -> None:
        self._contender = contender
        self._function: Run | None = None
        self._taken: Array | None = None
        self._answers = {"open": self._open, "take": self._take, "run": self._run}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What became of a request."""
        ((name, value),) = request.items()
        try:
            return self._answers[name](value)
        except UnavailableError as reason:
            return {"missing": str(reason)}
        except Exception as error:  # noqa: BLE001 - of whatever package: told in the table, where a person reads it
            return {"failed": f"{type(error).__name__}: {error}"}

    def _open(self, files: dict[str, str]) -> dict[str, Any]:
        try:
            self._function = self._contender.open(files)
        except ModuleNotFoundError as error:
            raise UnavailableError(f"the package {error.name!r} is not installed") from error
        return {}

    def _take(self, path: str) -> dict[str, Any]:
        self._taken = np.load(path)
        return {}

    def _run(self, path: str | None) -> dict[str, Any]:
        assert self._function is not None
        assert self._taken is not None
        before, started = _processor(), perf_counter()
        result = self._function(self._taken)
        answer = {"seconds": perf_counter() - started, "cpu": _processor() - before}
        if path is not None:
            np.save(path, result)
        return answer


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _answers() -> IO[str]:
    """Standard output, which from now on is out of reach of what packages print."""
    kept = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return kept


def main() -> None:
    family, name = sys.argv[1:]
    answers = _answers()
    warnings.simplefilter("ignore")
    served = Served(import_module(f"{family}.{name}").CONTENDER)
    for line in sys.stdin:
        print(json.dumps(served.answer(json.loads(line))), file=answers)


if __name__ == "__main__":
    main()
