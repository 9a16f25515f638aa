"""pliant build."""

from __future__ import annotations

import json

import click

from pliant.apps.cli.options import common, progress


@click.command()
@click.argument("model")
@click.option("--engine", required=True, metavar="NAME", help="Which engine; `pliant engines` lists them.")
@click.option("-o", "--output", metavar="FILE", help="The first file; others lie beside it. Default: beside the model.")
@click.option("--device", metavar="NAME", help="The device to build for, as the engine calls it.")
@click.option("--precision", default="f32", show_default=True, help="What the network computes in: f32, f16 or bf16.")
@click.option("--no-cache", is_flag=True, help="Build again, even if nothing has changed.")
@common
def build(
    model: str, engine: str, output: str | None, device: str | None, precision: str, no_cache: bool, as_json: bool
) -> None:
    """Write a model in the format of one engine.

    MODEL is a path or the name of a shipped model. For a machine without pliant: the network, a small ONNX file that
    turns sizes and live values into its further inputs, and a JSON file that says what each input is.
    """
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
    for path in built.files:
        click.echo(f"{path}  {path.stat().st_size:,} bytes")
    if built.kept:
        click.echo("Unchanged: taken from the cache (--no-cache builds again).", err=True)


COMMAND = build
