"""pliant video."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pliant.apps.cli.options import common, engine_options, parse_memory, parse_size, print_notes, working

if TYPE_CHECKING:
    from pliant.apps.video import VideoResult


@click.command()
@click.argument("source", required=False)
@click.argument("destination", required=False)
@click.option("-s", "--factor", type=float, help="Upscale factor, whole or not: 4, 2.5.  [default: 4]")
@click.option(
    "--size", metavar="WxH", callback=parse_size, help="Size of the result in pixels: 1920x1080, 1920x, x1080."
)
@click.option("-m", "--model", metavar="PATH|NAME", help="An ONNX file or a shipped model.  [default: anyscale]")
@engine_options
@click.option(
    "--codec", metavar="NAME", help="h264, hevc, av1, vp9, ffv1 or prores.  [default: the source's, else h264]"
)
@click.option(
    "--quality", type=float, metavar="CRF", help="0 is best; the default is 18 for H.264, 20 for HEVC, 24 for AV1, VP9."
)
@click.option("--preset", metavar="NAME", help="The encoder's own: veryfast, slow; 0 to 13 for AV1; a ProRes profile.")
@click.option(
    "--segment",
    type=click.IntRange(min=1),
    default=120,
    show_default=True,
    help="Frames after which work is safe from an interruption.",
)
@click.option(
    "--memory",
    metavar="AMOUNT",
    callback=parse_memory,
    help="Most memory to use: 2G, 800M.  [default: half of the free]",
)
@click.option("--tile", type=click.IntRange(min=1), help="Longest side of a tile, in pixels of the source.")
@common
def video(
    source: str | None,
    destination: str | None,
    factor: float | None,
    size: tuple[int | None, int | None] | None,
    model: str | None,
    engine: str,
    precision: str | None,
    max_error: float | None,
    codec: str | None,
    quality: float | None,
    preset: str | None,
    segment: int,
    memory: int | None,
    tile: int | None,
    as_json: bool,
) -> None:
    """Upscale a video; sound, subtitles, times and colours stay.

    SOURCE is any video that FFmpeg reads. DESTINATION is a .mkv, .mp4, .m4v, .mov, .webm or .ts file; without it the
    result lies beside the source, with the factor or size in its name. The source is never overwritten.

    If the work is interrupted, the same command goes on where it was, after the last whole segment.
    """
    from pliant.apps.video import video as run

    if source is None:
        raise click.UsageError("Give the path of a video, for example: pliant video clip.mp4 -s 2")
    try:
        with working() as shown:
            result = run(
                source,
                destination,
                factor,
                size=size,
                model=model,
                engine=engine,
                precision=precision,
                max_error=max_error,
                codec=codec,
                quality=quality,
                preset=preset,
                segment=segment,
                memory=memory,
                tile=tile,
                report=shown.step,
                advance=shown.share,
            )
    except KeyboardInterrupt:
        print_notes(["Whole segments are kept; the same command goes on after them."])
        raise
    print_notes(result.notes)
    click.echo(json.dumps(asdict(result), default=str) if as_json else _sentence(result))


def _sentence(result: VideoResult) -> str:
    before, after = ("{:,} x {:,}".format(*size) for size in (result.source_size, result.size))
    resumed = f", {result.resumed:,} of them from an earlier call" if result.resumed else ""
    return (
        f"{result.destination}: {after} pixels from {before}, {result.frames:,} frames{resumed}, in "
        f"{result.seconds:.1f} s ({result.codec}, {result.pixel_format}; {result.model}, {result.engine})"
    )


COMMAND = video
