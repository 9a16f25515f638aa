"""pliant upscale."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from pliant.apps.cli.folders import check_single, folder_options, is_many, upscale_many
from pliant.apps.cli.options import common, engine_options, parse_memory, parse_size, print_notes, working

if TYPE_CHECKING:
    from pliant.apps.upscale import Result


@click.command()
@click.argument("source", required=False)
@click.argument("destination", required=False)
@click.option("-i", "--input", "source_option", metavar="PATH", help="The picture, instead of SOURCE.")
@click.option("-o", "--output", "destination_option", metavar="PATH", help="The result, instead of DESTINATION.")
@click.option("-s", "--factor", type=float, help="Upscale factor, whole or not: 4, 2.5.  [default: 4]")
@click.option(
    "--size", metavar="WxH", callback=parse_size, help="Size of the result in pixels: 1920x1080, 1920x, x1080."
)
@click.option("-m", "--model", metavar="PATH|NAME", help="An ONNX file or a shipped model.  [default: anyscale]")
@click.option(
    "-f",
    "--format",
    "file_format",
    metavar="FORMAT",
    help="png, jpeg, webp, tiff, avif, heif, bmp or gif.  [default: as the source]",
)
@engine_options
@click.option(
    "--memory",
    metavar="AMOUNT",
    callback=parse_memory,
    help="Most memory to use: 2G, 800M.  [default: half of the free]",
)
@click.option("--tile", type=click.IntRange(min=1), help="Longest side of a tile, in pixels of the source.")
@click.option(
    "--alpha",
    type=click.Choice(["network", "resize"]),
    default="network",
    show_default=True,
    help="What upscales transparency.",
)
@click.option("--strip", is_flag=True, help="Leave out EXIF, XMP, resolution and profile; colours become sRGB.")
@folder_options
@common
def upscale(
    source: str | None,
    destination: str | None,
    source_option: str | None,
    destination_option: str | None,
    factor: float | None,
    size: tuple[int | None, int | None] | None,
    model: str | None,
    file_format: str | None,
    engine: str,
    precision: str | None,
    max_error: float | None,
    memory: int | None,
    tile: int | None,
    alpha: str,
    strip: bool,
    as_json: bool,
    **many: Any,
) -> int:
    """Upscale a picture, or all pictures of a folder.

    SOURCE and DESTINATION are PNG, JPEG, WebP, TIFF, AVIF, BMP or GIF files, or HEIF with pliant[heif]; without
    DESTINATION the result lies beside the source, with the factor or size in its name. The source is never
    overwritten. Of an animated GIF, PNG, WebP or AVIF every frame is upscaled.

    If SOURCE is a folder, or a pattern in quotes such as 'photos/**/*.jpg', the results lie in the same tree of folders
    in DESTINATION, and those that are done and up to date are skipped. The exit status is 1 if a picture failed.
    """
    picked = _one("SOURCE", source, "-i", source_option)
    if picked is None:
        raise click.UsageError("Give the path of a picture, for example: pliant upscale face.png -s 4")
    target = _one("DESTINATION", destination, "-o", destination_option)
    if is_many(picked) or many["cluster"] or "://" in picked:
        return upscale_many(
            picked,
            target,
            factor,
            as_json=as_json,
            size=size,
            model=model,
            engine=engine,
            precision=precision,
            max_error=max_error,
            format=file_format,
            memory=memory,
            tile=tile,
            alpha=alpha,
            strip=strip,
            **many,
        )
    check_single(many)
    from pliant.apps.upscale import upscale as run

    with working() as shown:
        result = run(
            picked,
            target,
            factor,
            size=size,
            model=model,
            engine=engine,
            precision=precision,
            max_error=max_error,
            format=file_format,
            memory=memory,
            tile=tile,
            alpha=alpha,
            strip=strip,
            report=shown.step,
            advance=shown.share,
        )
    print_notes(result.notes)
    click.echo(_json(result) if as_json else _sentence(result))
    return 0


def _one(name: str, positional: str | None, option: str, value: str | None) -> str | None:
    if positional is not None and value is not None:
        raise click.UsageError(f"Got both {name} and {option}; give one of them.")
    return positional if value is None else value


def _json(result: Result) -> str:
    return json.dumps(asdict(result), default=str)


def _sentence(result: Result) -> str:
    before, after = ("{:,} x {:,}".format(*size) for size in (result.source_size, result.size))
    return (
        f"{result.destination}: {after} pixels from {before}, in {result.seconds:.1f} s "
        f"({result.model}, {result.engine})"
    )


COMMAND = upscale
