"""Processes that were started for a cluster on this machine, all of which end with it."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

PATIENCE = 3.0  # seconds in which they may end by themselves


@contextmanager
def ended(folder: Path) -> Generator[None, None, None]:
    """Within the block, a cluster that keeps its files in `folder` is ended; what it has left running is killed after.

    Ray ends its own processes, but not all of them when it is interrupted while it starts.
    """
    processes: Any = import_module("psutil")  # which Ray brings with it
    found = _below(processes, folder)
    try:
        yield
    finally:
        _, running = processes.wait_procs(found, PATIENCE)
        for process in running:
            with suppress(processes.Error):
                process.kill()
        processes.wait_procs(running, PATIENCE)


def _below(processes: Any, folder: Path) -> list[Any]:
    """Children of this process whose commands name the folder, with all that these have started."""
    found: list[Any] = []
    with suppress(processes.Error):
        for child in processes.Process(os.getpid()).children():
            with suppress(processes.Error):
                if any(str(folder) in argument for argument in child.cmdline()):
                    found += [child, *child.children(recursive=True)]
    return found
