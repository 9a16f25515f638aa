"""pliant metrics."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import isinf
from typing import TYPE_CHECKING

import click

from pliant.apps.cli.options import common

if TYPE_CHECKING:
    from pliant.apps.compare import Metrics


@click.command()
@click.argument("folder")
@click.option("--truth", required=True, metavar="FOLDER", help="The pictures that those in FOLDER should equal.")
@click.option(
    "--colours", type=click.Choice(["luma", "rgb"]), default="luma", show_default=True, help="What is compared."
)
@click.option("--border", type=click.IntRange(min=0), default=0, show_default=True, help="Pixels to leave out around.")
@common
def metrics(folder: str, truth: str, colours: str, border: int, as_json: bool) -> int:
    """Compare all pictures of a folder with those of the same names in another one: PSNR and SSIM.

    A name may have something behind an underscore more: woman_x4.png belongs to woman.bmp. The exit status is 1 if a
    picture could not be compared.
    """
    from pliant.apps.compare import metrics as run

    with _counting() as report:
        found = run(folder, truth, colours=colours, border=border, report=report)
    if as_json:
        click.echo(json.dumps(_plain(found), default=str))
    else:
        _print(found, colours, border)
    return 1 if found.failed else 0


@contextmanager
def _counting() -> Generator[Callable[[int, int, str], None] | None]:
    """A progress bar; None unless stderr is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, name: bar.update(task, completed=done, total=total, description=name)


def _plain(found: Metrics) -> dict[str, object]:
    rows = [
        {
            "result": row.result,
            "truth": row.truth,
            "psnr": None if isinf(row.quality.psnr) else row.quality.psnr,
            "ssim": row.quality.ssim,
        }
        for row in found.rows
    ]
    mean = None if not found.rows or isinf(found.psnr) else found.psnr
    failed = [{"result": name, "reason": why} for name, why in found.failed]
    return {"pictures": rows, "mean_psnr": mean, "mean_ssim": found.ssim, "failed": failed}


def _print(found: Metrics, colours: str, border: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{colours}, border of {border} pixels", title_justify="left")
    table.add_column("picture", overflow="fold")
    for title in ("PSNR in dB", "SSIM"):
        table.add_column(title, justify="right")
    for row in found.rows:
        table.add_row(row.result.name, _decibels(row.quality.psnr), _ssim(row.quality.ssim))
    table.add_section()
    table.add_row(f"mean of {len(found.rows)}", _decibels(found.psnr) if found.rows else "", _ssim(found.ssim))
    Console().print(table)
    for name, why in found.failed:
        click.echo(f"pliant: {name} was left out: {why}", err=True)


def _decibels(psnr: float) -> str:
    return "equal" if isinf(psnr) else f"{psnr:.3f}"


def _ssim(value: float | None) -> str:
    return "" if value is None else f"{value:.5f}"


COMMAND = metrics
