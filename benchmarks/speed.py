"""How fast pliant is, next to what a user would run instead, as docs/speed.md, docs/speed.json and plots.

    python benchmarks/speed.py                       # all tables
    python benchmarks/speed.py --only process        # one table again, the others as they were
    python benchmarks/speed.py --quick               # through all of it in a minute, into out/speed
    python benchmarks/speed.py --only profile --print

A contender is one file in contest/contenders or contest/peers, a table one in contest/tables. Reference data, found
through PLIANT_REFERENCE_DATA, give the checkpoint of the peers, which are left out without it, and face.png. The exit
status is 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.contest.apart import call  # noqa: E402
from benchmarks.contest.page import found, page, plots  # noqa: E402
from benchmarks.contest.tables.base import Options, Table  # noqa: E402

from pliant.registry import load, names  # noqa: E402

TABLES = "benchmarks.contest.tables"
Figures = dict[str, Any]


def tables() -> dict[str, Table]:
    """All there are by name, in the order of the page."""
    members = {name: load(TABLES, name, "TABLE", extra="bench") for name in names(TABLES)}
    return dict(sorted(members.items(), key=lambda member: member[1].order))


def measured(figures: Figures, chosen: Mapping[str, Table], options: Options, keep: Callable[[Figures], None]) -> None:
    """Put the figures of the chosen tables and the machine into `figures`; `keep` is called after each."""
    for name, table in chosen.items():
        machine, began = call("machine:described"), time.perf_counter()
        data = table.measure(_saying(options, name))
        took = time.perf_counter() - began
        about = {"date": date.today().isoformat(), "commit": _commit(), "seconds": took, "machine": machine}
        figures["tables"][name] = {**about, "data": data}
        keep(figures)


def _saying(options: Options, name: str) -> Options:
    """The same, what is said having the name of a table before it."""

    def say(what: str) -> None:
        options.say(f"{name}: {what}")

    return replace(options, say=say)


def _commit() -> str:
    """Of this folder, with a plus if something is changed in it."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--exclude=*", "--dirty=+"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def written(folder: Path, all_tables: Mapping[str, Table]) -> Callable[[Figures], None]:
    """What writes the JSON, the plots and the page into a folder."""

    def write(figures: Figures) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "speed.json").write_text(json.dumps(figures, indent=1) + "\n")
        for name, drawing in plots(figures, all_tables).items():
            (folder / f"{name}.svg").write_text(drawing)
        (folder / "speed.md").write_text(page(figures, all_tables))

    return write


def parsed(known: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=known, help="this table; may be given several times")
    parser.add_argument("--quick", action="store_true", help="the smallest run that goes through everything")
    parser.add_argument("--output", type=Path, help="folder of page, JSON and plots; docs, or out/speed with --quick")
    parser.add_argument("--peers-python", help="Python of the environment of the peers; or set PLIANT_PEERS_PYTHON")
    parser.add_argument("--print", action="store_true", help="print the chosen tables")
    parser.add_argument("--page", action="store_true", help="measure nothing: write the page of the JSON again")
    return parser.parse_args()


def main() -> None:
    every = tables()
    given = parsed(list(every))
    output = given.output or (ROOT / "out" / "speed" if given.quick else ROOT / "docs")
    kept = output / "speed.json"
    figures: Figures = json.loads(kept.read_text()) if kept.exists() else {"tables": {}}
    write = written(output, every)
    chosen = {name: table for name, table in every.items() if not given.only or name in given.only}
    if not given.page:
        reference = os.environ.get("PLIANT_REFERENCE_DATA")
        peers = given.peers_python or os.environ.get("PLIANT_PEERS_PYTHON")
        folder = ROOT / "out" / "speed" / "files"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / "cache", ignore_errors=True)  # what another run has measured does not count here
        os.environ["PLIANT_CACHE"] = str(folder / "cache")
        options = Options(folder, given.quick, peers, Path(reference) if reference else None, _say)
        measured(figures, chosen, options, write)
    write(figures)
    if given.print:
        for name in chosen:
            entry = figures["tables"][name]
            print(f"\n{every[name].title}\n\n{every[name].text(entry['data'], entry['machine'])}")
    for claim in found(figures, every):
        value = "-" if claim.measured is None else f"{claim.measured:.3g}"
        print(f"{claim.verdict:15} {value:>8} ({'≤' if claim.most else '≥'} {claim.wanted:g})  {claim.text}")


def _say(what: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")


if __name__ == "__main__":
    main()
