"""pliant engines."""

from __future__ import annotations

import json

import click

from pliant.apps.cli.options import common


@click.command()
@common
def engines(as_json: bool) -> None:
    """List the engines and say which can run here."""
    from pliant.engines.base import engines as find

    found = [(engine, engine.available()) for engine in find()]
    if as_json:
        rows = [
            {"name": engine.name, "available": reason is None, "version": engine.version, "reason": reason}
            for engine, reason in found
        ]
        click.echo(json.dumps(rows))
        return
    width = max(len(engine.name) for engine, _ in found)
    for engine, reason in found:
        click.echo(f"{engine.name:<{width}}  {reason or f'version {engine.version}'}")


COMMAND = engines
