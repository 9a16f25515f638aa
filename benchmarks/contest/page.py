"""The page docs/speed.md, made of the figures in docs/speed.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.contest.tables.base import Claim, Table, grid

COMMAND = "python benchmarks/speed.py"
HEAD = f"""`{COMMAND} --only NAME` measures one table again, `--quick` goes through all of it in a minute without
writing here, and `--help` has the rest. The figures are in [speed.json](speed.json). Ratios hold within one run; tables
may be of several, and of several machines, which are named below each.
"""


def page(figures: Mapping[str, Any], tables: Mapping[str, Table]) -> str:
    """`figures` has the data of "tables" by their names, each with its "machine"; those not measured are left out."""
    parts = [f"# Speed\n\nWritten by `{COMMAND}` (`make fast`); nothing here is put in by hand.\n", HEAD]
    parts.append(f"## What is wanted\n\n{_claims(found(figures, tables))}\n")
    for name, table in tables.items():
        if (entry := figures["tables"].get(name)) is None:
            continue
        parts.append(f"## {table.title}\n\n{table.text(entry['data'], entry['machine'])}\n\n{_origin(name, entry)}\n")
    parts.append(f"## The machines\n\n{_machines(figures['tables'].values())}\n")
    return "\n".join(parts)


def plots(figures: Mapping[str, Any], tables: Mapping[str, Table]) -> dict[str, str]:
    """All plots as SVG by their names."""
    drawn: dict[str, str] = {}
    for name, table in tables.items():
        if (entry := figures["tables"].get(name)) is not None:
            drawn |= table.plots(entry["data"], entry["machine"])
    return drawn


def found(figures: Mapping[str, Any], tables: Mapping[str, Table]) -> list[Claim]:
    """What is wanted of all tables that were measured."""
    measured = figures["tables"]
    return [
        claim
        for name, table in tables.items()
        if name in measured
        for claim in table.claims(measured[name]["data"], measured[name]["machine"])
    ]


def _claims(claims: Sequence[Claim]) -> str:
    rows = [
        [
            claim.text,
            f"{'≤' if claim.most else '≥'} {claim.wanted:g}",
            "-" if claim.measured is None else f"{claim.measured:.3g}",
            claim.verdict + (f" ({claim.note})" if claim.note else ""),
        ]
        for claim in claims
    ]
    return grid(["", "wanted", "measured", ""], rows)


def _machines(entries: Iterable[Mapping[str, Any]]) -> str:
    """Each once."""
    return "\n\n".join(dict.fromkeys(_machine(entry["machine"]) for entry in entries))


def _machine(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    memory = f", {machine['memory'] / 2**30:.0f} GiB" if machine["memory"] else ""
    flags = ", ".join(machine["flags"]) or "none of the flags that matter here"
    system = f"{machine['system']}, Python {machine['python']}"
    return f"**{machine['processor']}**, {machine['cores']} cores{memory}; {flags}. {system}; {versions}."


def _origin(name: str, entry: Mapping[str, Any]) -> str:
    machine, took = entry["machine"], f"{entry['seconds'] / 60:.1f} minutes"
    load = "" if machine["load"] is None else f" at a load of {machine['load']:.1f}"
    where = f"on {machine['processor']}{load}"
    return f"*`{COMMAND} --only {name}`, {entry['date']}, {where}, commit {entry['commit']}, {took}.*"
