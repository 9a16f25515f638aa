"""pliant quantize."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import isinf
from typing import TYPE_CHECKING, Any

import click

from pliant.apps.cli.options import common, progress

if TYPE_CHECKING:
    from pliant.apps.quantize import Quantized


@click.command()
@click.argument("model")
@click.argument("pictures", nargs=-1)
@click.option("-o", "--output", metavar="FILE", help="The file to write.  [default: MODEL with _int8 behind its name]")
@click.option(
    "--max-loss",
    type=click.FloatRange(min=0),
    default=0.2,
    show_default=True,
    metavar="DB",
    help="How much PSNR it may cost, in the mean.",
)
@common
def quantize(model: str, pictures: tuple[str, ...], output: str | None, max_loss: float, as_json: bool) -> None:
    """Make the int8 form of a model, calibrated on your pictures.

    MODEL is an ONNX file or the name of a shipped model, PICTURES are files, folders or patterns; a dozen pictures like
    those to be upscaled are enough. The result is one ONNX file that any engine runs, with the contract of MODEL, its
    live factor included. `--precision int8`, and `fast` where it wins, use it.

    What int8 costs is measured on pictures that were held out, if there are four or more: each is reduced, upscaled in
    f32 and in int8, and compared with what it was. Exit status 1: it costs more than --max-loss, and nothing was
    written.
    """
    from pliant.apps.quantize import quantize as run

    if not pictures:
        raise click.UsageError("Give pictures to calibrate on, for example: pliant quantize model.onnx photos/")
    with progress() as say:
        made = run(model, pictures, output, max_loss=max_loss, report=say)
    if as_json:
        click.echo(json.dumps(_plain(made), default=str))
        return
    _show(made)


def _plain(made: Quantized) -> dict[str, Any]:
    found = asdict(made)
    for entry, loss in zip(found["losses"], made.losses, strict=True):
        entry["loss"] = loss.loss
        entry.update({key: None for key, value in entry.items() if isinstance(value, float) and isinf(value)})
    return {**found, "loss": made.loss}


def _show(made: Quantized) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE)
    table.add_column("held out" if made.held_out else "picture", overflow="fold")
    for heading in ("f32, dB", "int8, dB", "loss, dB", "int8 against f32, dB"):
        table.add_column(heading, justify="right")
    for row in made.losses:
        table.add_row(row.picture, *(_decibels(x) for x in (row.f32, row.int8, row.loss, row.agreement)))
    table.add_section()
    table.add_row(f"mean of {len(made.losses)}", "", "", _decibels(made.loss), "")
    Console().print(table)
    for speed in made.speeds:
        click.echo(_sentence(speed))
    if not made.held_out:
        click.echo(
            "note: with four pictures or more, some would be held out, and the loss be that on others.", err=True
        )
    click.echo(
        f"{made.path}: {made.layers} of {made.layers_of} layers in int8, {made.size_before:,} to {made.size:,} bytes, "
        f"{made.loss:.2f} dB lost"
    )


def _sentence(speed: Any) -> str:
    if speed.ratio is None:
        return f"{speed.engine} was not compared: {speed.reason}"
    if speed.ratio >= 1:
        return f"{speed.engine} is no faster with it: {speed.ratio:.2f} times the time of f32."
    return f"{speed.engine} takes {speed.ratio:.2f} times the time of f32."


def _decibels(number: float) -> str:
    return "equal" if isinf(number) else f"{number:.2f}"


COMMAND = quantize
