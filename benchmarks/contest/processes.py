"""Time and memory of a whole process. Imports nothing large: a child's peak memory begins with that of its parent."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from time import perf_counter

KIB = 1 if sys.platform == "darwin" else 1024  # the unit of ru_maxrss


def timed(command: Sequence[str], extra: Mapping[str, str]) -> dict[str, float]:
    """Wall "seconds" and "peak" bytes of resident memory of a process, `extra` being added to its environment.

    Raises RuntimeError with what it said if it failed.
    """
    with tempfile.TemporaryFile("w+") as said:
        started = perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=said, env={**os.environ, **extra})
        _, status, used = os.wait4(process.pid, 0)
        took = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}: {said.read()}")
    assert isinstance(used, resource.struct_rusage)
    return {"seconds": took, "peak": used.ru_maxrss * KIB}
