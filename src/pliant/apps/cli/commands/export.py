"""pliant export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pliant.apps.cli.options import common, pairs, print_notes, progress

if TYPE_CHECKING:
    from pliant.artifact import Artifact


def ranges(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    """NAME=LOW..HIGH options as (low, high), with None for a bound left out."""
    found: dict[str, Any] = {}
    for name, text in pairs(context, parameter, texts).items():
        low, dots, high = text.partition("..")
        try:
            found[name] = (float(low) if low else None, float(high) if high else None)
        except ValueError:
            dots = ""
        if not dots:
            raise click.BadParameter(
                f"{text!r} is no range; give for example {name}=1..8 or {name}=1..", context, parameter
            )
    return found


@click.command()
@click.argument("source")
@click.option("-o", "--output", metavar="PATH", help="The ONNX file.  [default: named as the source, here]")
@click.option(
    "--arg",
    "arguments",
    multiple=True,
    callback=pairs,
    metavar="NAME=VALUE",
    help="An example argument of forward: 1x3x64x48, 2.5, 3, tensor:2.5.",
)
@click.option(
    "--dims",
    multiple=True,
    callback=pairs,
    metavar="NAME=WORDS",
    help="Axes of an input: 'x=n 3 h w'; a name is live, a number fixed.",
)
@click.option(
    "--values", multiple=True, callback=ranges, metavar="NAME=LOW..HIGH", help="Range of a live value: factor=1..8."
)
@click.option(
    "--fixed",
    multiple=True,
    callback=pairs,
    metavar="NAME=VALUE",
    help="A value that is a constant of the file instead of an input: step=2.",
)
@click.option(
    "--factor",
    type=click.Choice(["live", "native"]),
    help="For a network of one scale: live takes any factor and resizes its result; native has its own factor only.  "
    "[default: live where it upscales]",
)
@click.option("--explain", is_flag=True, help="Show where each live value goes: source lines, formulas, nodes.")
@common
def export(
    source: str,
    output: str | None,
    arguments: dict[str, str],
    dims: dict[str, str],
    values: dict[str, Any],
    fixed: dict[str, str],
    factor: str | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Turn a PyTorch model into one ONNX file with live values.

    SOURCE is a weights file of a known architecture (srcnn.pth), or package.module:factory, where factory() gives
    a torch.nn.Module or (module, example arguments). Needs: pip install 'pliant[export]'.
    """
    from pliant.apps.export import Request, run
    from pliant.errors import MissingExtra, UsageError

    target = Path(output) if output else Path(_stem(source) + ".onnx")
    if target.is_dir() or not target.parent.is_dir():
        raise UsageError(
            f"{target} cannot be written: {'it is a folder' if target.is_dir() else 'its folder does not exist'}."
        )
    try:
        with progress() as report:
            artifact = run(Request(source, arguments, dims, values, fixed, factor), report)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("torch", "onnx", "onnxscript", "onnx_ir", "safetensors"):
            raise MissingExtra("pliant export", error.name or "torch", "export") from error
        raise
    artifact.save(target)
    told = artifact.explanation if explain else None
    if as_json:
        result = {"path": str(target), "contract": json.loads(artifact.contract.to_json())}
        click.echo(json.dumps(result | ({"explanation": told.as_dict()["courses"]} if told else {})))
    else:
        print_notes(artifact.contract.notes)
        click.echo(_sentence(target, artifact))
        if told:
            click.echo(f"\n{told}")


def _stem(source: str) -> str:
    return Path(source).stem if ":" not in source else source.rpartition(":")[2].lower()


def _sentence(target: Path, artifact: Artifact) -> str:
    contract = artifact.contract
    inputs = ", ".join(
        f"{i.name}{[str(d) for d in i.dims] if i.dims else ''}".replace("'", "") for i in contract.inputs
    )
    outputs = ", ".join(f"{o.name}[{', '.join(o.dims)}]" for o in contract.outputs)
    size = target.stat().st_size / 1024
    return f"{target}: {inputs} -> {outputs}, {size:,.0f} KiB, checked against PyTorch in ONNX Runtime."


COMMAND = export
