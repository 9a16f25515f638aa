"""What was started below a process, as /proc tells it."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")


def children(above: int) -> dict[int, str]:
    """The commands of all processes below one, by number; nothing where there is no /proc."""
    found = dict[int, tuple[int, str]]()
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if not entry.name.isdecimal():
            continue
        try:
            status, command = (entry / "stat").read_text(), (entry / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        found[int(entry.name)] = int(status.rpartition(")")[2].split()[1]), command.decode(errors="replace")

    def below(process: int) -> bool:
        while process in found and process != above:
            process = found[process][0]
        return process == above

    return {process: command for process, (_, command) in found.items() if process != above and below(process)}
