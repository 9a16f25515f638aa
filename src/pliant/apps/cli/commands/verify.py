"""pliant verify."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pliant.apps.cli.options import common, pairs, progress
from pliant.errors import UsageError

if TYPE_CHECKING:
    from pliant.verifier.report import Report

WIDE = 200  # columns of the table where there is no terminal


@click.command()
@click.argument("model")
@click.option(
    "--against",
    metavar="MODULE|WEIGHTS",
    help="What the file must equal: file.py:factory, package.module:factory, or a weights file of a known "
    "architecture.  [default: ONNX Runtime on the same file]",
)
@click.option(
    "--engine",
    "engines",
    default="all",
    show_default=True,
    metavar="NAMES",
    help="all, or names with commas between.",
)
@click.option(
    "--precision", default="f32", show_default=True, metavar="NAMES", help="What engines compute in: f32,f16,bf16."
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0, min_open=True),
    help="Largest difference, as a fraction of the range.  [default: 1e-4 in f32, 1e-2 in f16, 5e-2 in bf16]",
)
@click.option(
    "--fixed", multiple=True, callback=pairs, metavar="NAME=VALUE", help="An argument that is a constant of the file."
)
@click.option("--html", "html_path", metavar="FILE", help="Write a page with the table and difference pictures.")
@click.option("--no-stamp", is_flag=True, help="Do not write what passed into the file.")
@common
def verify(
    model: str,
    against: str | None,
    engines: str,
    precision: str,
    tolerance: float | None,
    fixed: dict[str, str],
    html_path: str | None,
    no_stamp: bool,
    as_json: bool,
) -> int:
    """Show that a file computes what the PyTorch model does, on every engine.

    MODEL is an ONNX file or the name of a shipped model. It is run on sizes and values drawn from its contract: ends
    of ranges, odd, not square, batch 2, height times factor no whole number. Where an engine departs, the first node
    that does is named. Exit status 0: all equal. 1: something differs, or nothing could be compared. 2: bad usage or
    input.
    """
    from pliant.apps.verify import verify as run

    page_path = Path(html_path) if html_path else None
    if page_path and (page_path.is_dir() or not page_path.parent.is_dir()):
        raise UsageError(f"{page_path} cannot be written: it is a folder, or its folder does not exist.")
    with progress() as say:
        report = run(
            model,
            against=against,
            engines=engines,
            precision=precision,
            tolerance=tolerance,
            fixed=fixed,
            stamp=not no_stamp,
            report=say,
        )
    if page_path:
        from pliant.artifact import write_atomically
        from pliant.verifier.html import page

        write_atomically(page_path, page(report).encode())
    if as_json:
        click.echo(json.dumps(report.as_dict()))
    else:
        _show(report)
    return 0 if report.passed else 1


def _show(report: Report) -> None:
    from rich.console import Console

    from pliant.verifier.words import conclusion, sentences

    console = Console(width=None if sys.stdout.isatty() else WIDE)
    console.print(_table(report))
    for text in sentences(report):
        click.echo(text)
    if report.stamped:
        click.echo(f"Stamped into {report.model}: {', '.join(report.stamped)}.")
    click.secho(f"{report.model}: {conclusion(report)}", bold=True, fg="green" if report.passed else "red")


def _table(report: Report) -> Any:
    from rich.box import SIMPLE
    from rich.table import Table

    from pliant.verifier.words import HEADINGS, cells

    colours = {"passed": "green", "failed": "bold red", "refused": "yellow", "absent": "dim", "yardstick": "cyan"}
    table = Table(box=SIMPLE)
    for k, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if k > 2 else "left", no_wrap=k <= 2)
    for row in report.rows:
        table.add_row(*cells(row), style=colours[row.status] if row.status in ("failed", "absent") else None)
    return table


COMMAND = verify
