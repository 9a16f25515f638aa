"""pliant compare."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import isinf
from typing import TYPE_CHECKING

import click

from pliant.apps.cli.options import common, print_notes

if TYPE_CHECKING:
    from pliant.apps.compare import Comparison


@click.command()
@click.argument("result")
@click.argument("truth")
@click.option(
    "--colours", type=click.Choice(["luma", "rgb"]), default="luma", show_default=True, help="What is compared."
)
@click.option("--border", type=click.IntRange(min=0), default=0, show_default=True, help="Pixels to leave out around.")
@click.option("--difference", metavar="FILE", help="Write the difference, 8 times enlarged, as a picture.")
@click.option("--contact-sheet", metavar="FILE", help="Write both side by side, the worst part enlarged.")
@common
def compare(
    result: str,
    truth: str,
    colours: str,
    border: int,
    difference: str | None,
    contact_sheet: str | None,
    as_json: bool,
) -> None:
    """Say how much two pictures differ: PSNR and SSIM.

    Papers on super-resolution compare luma, without a border as wide as the factor: for a picture that was made four
    times as large, give --border 4.
    """
    from pliant.apps.compare import compare as run

    found = run(result, truth, colours=colours, border=border, difference_to=difference, sheet_to=contact_sheet)
    print_notes(found.notes)
    click.echo(json.dumps(plain(found), default=str) if as_json else _text(found))
    for path in (difference, contact_sheet):
        if path and not as_json:
            click.echo(f"Written: {path}")


def plain(found: Comparison) -> dict[str, object]:
    """Numbers for JSON; null for the PSNR of equal pictures."""
    whole = asdict(found)
    figures = whole.pop("quality")
    return {**whole, **figures, "psnr": None if isinf(figures["psnr"]) else figures["psnr"]}


def _text(found: Comparison) -> str:
    measured = found.quality
    psnr = "infinite, they are equal" if isinf(measured.psnr) else f"{measured.psnr:.3f} dB"
    ssim = "too small for its window" if measured.ssim is None else f"{measured.ssim:.5f}"
    border = f"without a border of {found.border} pixels" if found.border else "whole"
    return (
        f"{'{:,} x {:,}'.format(*found.size)} pixels, {found.colours}, {border}\n"
        f"PSNR        {psnr}\n"
        f"SSIM        {ssim}\n"
        f"difference  at most {measured.largest:.2f} levels of 255, {measured.mean:.3f} on average; "
        f"{measured.differing:.2%} of values by more than half a level"
    )


COMMAND = compare
