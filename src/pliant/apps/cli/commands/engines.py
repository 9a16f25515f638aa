"""pliant engines."""

from __future__ import annotations

import json
from typing import Any

import click

from pliant.apps.cli.options import common


@click.command()
@common
def engines(as_json: bool) -> None:
    """List the engines: what is installed, which devices they find, and what is missing."""
    from pliant.engines.base import Engine
    from pliant.engines.base import engines as find

    def row(engine: Engine) -> dict[str, Any]:
        reason = engine.available()
        return {
            "name": engine.name,
            "available": reason is None,
            "version": engine.version,
            "devices": engine.devices() if reason is None else [],
            "precisions": list(engine.precisions),
            "builds": engine.build is not None,
            "runs": reason is None and engine.runs() is None,
            "reason": reason or engine.runs(),
        }

    rows = [row(engine) for engine in find()]
    if as_json:
        click.echo(json.dumps(rows))
        return
    width = max(len(found["name"]) for found in rows)
    for found in rows:
        click.echo(f"{found['name']:<{width}}  {_told(found)}")


def _told(found: dict[str, Any]) -> str:
    if not found["available"]:
        return str(found["reason"])
    parts = [f"version {found['version']}", ", ".join(found["devices"]), " ".join(found["precisions"]), found["reason"]]
    return "; ".join(part for part in parts if part)


COMMAND = engines
