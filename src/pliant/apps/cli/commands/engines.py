"""pliant engines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from pliant.apps.cli.options import common, progress

if TYPE_CHECKING:
    from pliant.choosing.choice import Choice
    from pliant.choosing.record import Record, Trial

HEADINGS = ("engine", "precision", "threads", "ms per megapixel", "grey levels off", "start", "")
RIGHT = range(2, 6)  # columns of numbers
WIDE = 200  # columns of the table where there is no terminal


@click.command()
@click.argument("model", required=False)
@click.option("--why", is_flag=True, help="Show which engine runs MODEL fastest here, and why; measured if need be.")
@click.option("--again", is_flag=True, help="Measure anew, with --why.")
@click.option(
    "--precision",
    type=click.Choice(["f32", "fast", "bf16", "f16", "int8"]),
    help="What the model computes in, with --why.  [default: f32, or fast with --max-error]",
)
@click.option(
    "--max-error",
    type=click.FloatRange(min=0, min_open=True),
    metavar="LEVELS",
    help="Grey levels that another precision than f32 may be off, with --why.",
)
@common
def engines(
    model: str | None, why: bool, again: bool, precision: str | None, max_error: float | None, as_json: bool
) -> None:
    """List the engines: what is installed, which devices they find, and what is missing.

    With --why: what was measured of MODEL, an ONNX file or the name of a shipped model, on this machine; which engine
    is taken for it, and why the others are not.
    """
    if why:
        _explain(model, precision, max_error, again, as_json)
        return
    if model is not None or again or precision is not None or max_error is not None:
        raise click.UsageError("MODEL, --again, --precision and --max-error go with --why.")
    _list(as_json)


def _list(as_json: bool) -> None:
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


def _explain(model: str | None, precision: str | None, max_error: float | None, again: bool, as_json: bool) -> None:
    from pliant.apps.models import find
    from pliant.choosing.choice import choose
    from pliant.choosing.loading import record_of, settled

    path, wanted = find(model), settled(precision, max_error)
    with progress() as say:
        record = record_of(path, precision=wanted, again=again, report=say)
    choice = choose(record, wanted, max_error)
    if as_json:
        click.echo(json.dumps(_as_dict(str(path), wanted, record, choice)))
        return
    machine = record.facts["machine"]
    click.echo(f"{path}, in {wanted}, on {machine['processor']} ({machine['allowed']} of {machine['cores']} cores):")
    _show(choice)
    click.echo(choice.why)
    for trial, reason in choice.left_out:
        click.echo(f"{trial.name} was left out: {reason}")
    if record.disturbed:
        click.echo(
            "The machine was busy: one and the same run took very different times. Measure again when it is not."
        )
    click.echo(f"Measured in {record.seconds:.1f} s, on arrays {' and '.join(record.shapes)}; --again measures anew.")


def _as_dict(model: str, precision: str, record: Record, choice: Choice) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "model": model,
        "precision": precision,
        "chosen": asdict(choice.trial),
        "why": choice.why,
        "slower": [asdict(trial) for trial in choice.slower],
        "left_out": [{**asdict(trial), "why": reason} for trial, reason in choice.left_out],
        "measured": record.as_dict(),
    }


def _show(choice: Choice) -> None:
    import sys

    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE)
    for k, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if k in RIGHT else "left", no_wrap=True)
    table.add_row(*_cells(choice.trial), "chosen", style="bold")
    for trial in choice.slower:
        table.add_row(*_cells(trial), "")
    for trial, _ in choice.left_out:
        if trial.rates:
            table.add_row(*_cells(trial), "not accurate enough", style="dim")
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def _cells(trial: Trial) -> tuple[str, ...]:
    rates = ", ".join(
        f"{rate * 1e3:,.0f}" + (f" (x{factor})" if factor else "") for factor, rate in trial.rates.items()
    )
    off = f"{trial.deviation.largest:.2g}" if trial.deviation else ""
    threads = "own" if trial.threads is None else str(trial.threads)
    return trial.engine, trial.precision, threads, rates, off, f"{trial.start:.2f} s"


COMMAND = engines
