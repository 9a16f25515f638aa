"""Calling a function of the benchmarks in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.contest.base import ROOT


def environment() -> dict[str, str]:
    """Of a process that imports the benchmarks and this pliant."""
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src"), *([before] if before else [])])}


def call(function: str, *args: Any, python: str | None = None) -> Any:
    """What "module:name" of `benchmarks.contest` returns for `args`; both as JSON can hold them.

    Raises CalledProcessError if it failed; what it said is on standard error.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [python or sys.executable, "-W", "ignore", "-m", "benchmarks.contest.apart", function]
        # what packages print goes to standard error with the rest
        subprocess.run([*command, json.dumps(args), str(answer)], check=True, env=environment(), stdout=sys.stderr)
        return json.loads(answer.read_text())


def main() -> None:
    function, args, answer = sys.argv[1:]
    module, name = function.split(":")
    result = getattr(import_module(f"benchmarks.contest.{module}"), name)(*json.loads(args))
    Path(answer).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
