"""pliant build."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from pliant.apps.cli.options import common, print_notes, progress
from pliant.registry import names

TARGETS = names("pliant.apps.targets")


@click.command()
@click.argument("model")
@click.option("--engine", metavar="NAME", help="Which engine; `pliant engines` lists them.")
@click.option(
    "--target",
    metavar="NAME",
    help=f"What to build for: an engine, or a server of others, which are: {', '.join(TARGETS)}.",
)
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="For an engine the first file; others lie beside it. Default: beside the model. For a server the folder.",
)
@click.option("--device", metavar="NAME", help="The device to build for, as the engine or the server calls it.")
@click.option("--precision", default="f32", show_default=True, help="What the network computes in: f32, f16 or bf16.")
@click.option("--no-cache", is_flag=True, help="Build again, even if nothing has changed.")
@common
def build(
    model: str,
    engine: str | None,
    target: str | None,
    output: str | None,
    device: str | None,
    precision: str,
    no_cache: bool,
    as_json: bool,
) -> None:
    """Write a model in the format of one engine, or lay it out for a server of others.

    MODEL is a path or the name of a shipped model. For an engine, on a machine without pliant: the network, a small
    ONNX file that turns sizes and live values into its further inputs, and a JSON file that says what each input is.

    --target triton writes a model repository for NVIDIA's Triton Inference Server: PATH/NAME/config.pbtxt and
    PATH/NAME/1/model.onnx, where NAME is that of the model's file and each live value is an ordinary input. --device
    is CPU or GPU.
    """
    if (engine is None) == (target is None):
        raise click.UsageError("Say what to build for: either --engine NAME or --target NAME.")
    name = engine or target or ""
    if engine is None and _is_server(name):
        _for_server(model, name, output, device, precision, as_json)
    else:
        _for_engine(model, name, output, device, precision, no_cache, as_json)


def _is_server(name: str) -> bool:
    from pliant.engines.base import engine_names

    return name not in engine_names()


def _for_server(model: str, target: str, output: str | None, device: str | None, precision: str, as_json: bool) -> None:
    from pliant.apps.models import find
    from pliant.apps.targets.base import build as run

    made = run(find(model), target, output, device=device, precision=precision)
    if as_json:
        files = [str(path) for path in made.files]
        click.echo(json.dumps({"files": files, "target": target, "notes": list(made.notes)}))
        return
    _print_files(made.files)
    print_notes(made.notes)


def _for_engine(
    model: str,
    engine: str,
    output: str | None,
    device: str | None,
    precision: str,
    no_cache: bool,
    as_json: bool,
) -> None:
    from pliant.apps.build import build as run
    from pliant.apps.models import find

    with progress() as show:
        if show:
            show(f"building for {engine}")
        built = run(find(model), engine, output, device=device, precision=precision, use_cache=not no_cache)
    if as_json:
        files = [str(path) for path in built.files]
        click.echo(json.dumps({"files": files, "engine": built.engine, "version": built.version, "cached": built.kept}))
        return
    _print_files(built.files)
    if built.kept:
        click.echo("Unchanged: taken from the cache (--no-cache builds again).", err=True)


def _print_files(files: Sequence[Path]) -> None:
    for path in files:
        click.echo(f"{path}  {path.stat().st_size:,} bytes")


COMMAND = build
