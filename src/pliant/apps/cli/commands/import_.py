"""pliant import."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from pliant.apps.cli.options import common, print_notes, progress
from pliant.errors import UsageError


@click.command("import")
@click.argument("file")
@click.option("-o", "--output", metavar="FILE", help="The file to write. Default: beside FILE, with .pliant.onnx.")
@click.option("--colours", type=click.Choice(["RGB", "BGR", "GREY"]), help="Of its pictures. Default: by channels.")
@click.option("--range", "bounds", metavar="A..B", help="Values of a pixel, 0..255 for example. Default: 0..1.")
@click.option("--keep-fixed", is_flag=True, help="Leave sizes and scales as they are; add a contract only.")
@click.option("--keep-inputs", is_flag=True, help="Leave a vector of scales an input, instead of one factor.")
@common
def import_(
    file: str,
    output: str | None,
    colours: str | None,
    bounds: str | None,
    keep_fixed: bool,
    keep_inputs: bool,
    as_json: bool,
) -> None:
    """Give an ONNX file made elsewhere a contract, and live sizes and factor where that is proven safe.

    The new file is compared with FILE on ONNX Runtime before it is written.
    """
    from pliant.importing.importer import examine
    from pliant.importing.options import Options

    target = Path(output) if output else Path(file).with_suffix(".pliant.onnx")
    if target.is_dir():
        raise UsageError(f"{target} is a folder; give the path of the file to write.")
    if target.resolve() == Path(file).resolve():
        raise UsageError(f"{target} is the file that is read; give another path with -o.")
    options = Options(colours, _bounds(bounds), keep_fixed, keep_inputs)  # type: ignore[arg-type]
    with progress() as show:
        found = examine(file, options, show)
    found.artifact.save(target)
    if as_json:
        told = {"live": found.live, "fixed": found.fixed, "checks": found.checks, "notes": found.notes}
        click.echo(json.dumps({"file": str(target), **told, "contract": asdict(found.artifact.contract)}))
        return
    for title, sentences in (("Live", found.live), ("Fixed", found.fixed), ("Compared", found.checks)):
        if sentences:
            click.secho(title, bold=True)
            click.echo("".join(f"  {sentence}\n" for sentence in sentences), nl=False)
    click.echo(f"{target}: {target.stat().st_size:,} bytes")
    print_notes(found.notes)


def _bounds(given: str | None) -> tuple[float, float] | None:
    """The two numbers of "A..B". Raises click.BadParameter."""
    if given is None:
        return None
    low, dots, high = given.partition("..")
    try:
        pair = (float(low), float(high))
    except ValueError as error:
        raise click.BadParameter(f"{given!r} is not A..B, such as 0..255.", param_hint="--range") from error
    if not dots or not float("-inf") < pair[0] < pair[1] < float("inf"):
        raise click.BadParameter(f"{given!r} is not A..B with A below B, such as 0..255.", param_hint="--range")
    return pair


COMMAND = import_
