"""The part of `pliant upscale` that is about folders."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pliant.apps.cli.options import print_notes, working

if TYPE_CHECKING:
    from pliant.apps.folder import Summary

Function = TypeVar("Function", bound=Callable[..., Any])

OPTIONS = (
    click.option("--recursive/--no-recursive", default=None, help="Subfolders too.  [default: recursive]"),
    click.option(
        "--pattern",
        "patterns",
        metavar="PATTERN",
        multiple=True,
        help="Only pictures of such names: '*.jpg', '2024/**/*.png'. May be given several times.",
    ),
    click.option("--resume", is_flag=True, help="Go on with the last run, which must have had the same options."),
    click.option("--overwrite", is_flag=True, help="Make all results anew, and replace files not made by pliant."),
    click.option("--log", metavar="PATH", help="The log, JSON lines.  [default: .pliant.jsonl in DESTINATION]"),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        help="Threads that read, and as many that write; with --cluster, processes that upscale.  [default: as cores, "
        "at most 4; with --cluster, all cores]",
    ),
    click.option(
        "--cluster",
        metavar="auto|ADDRESS",
        help="Upscale on a Ray cluster whose machines see the same folders; auto: one that runs here, or a new one.",
    ),
)


def folder_options(command: Function) -> Function:
    """Add the options that only folders have; the function gets them as in `pliant.upscale_folder`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def is_many(source: str) -> bool:
    """Whether `source` is a folder, or a pattern."""
    return os.path.isdir(source) or (any(character in source for character in "*?[") and not os.path.lexists(source))


def check_single(many: dict[str, Any]) -> None:
    """Raise click.UsageError if an option for folders was given."""
    names = {"recursive": "recursive/--no-recursive", "patterns": "pattern"}
    for name, value in many.items():
        if value or (name == "recursive" and value is not None):
            raise click.UsageError(
                f"--{names.get(name, name)} is for folders, but SOURCE is none; leave it out, or give a folder."
            )


def upscale_many(source: str, *arguments: Any, as_json: bool, recursive: bool | None, **options: Any) -> int:
    """Upscale a folder, print what was done and return the exit status: 1 if a picture failed."""
    from pliant.apps.folder import upscale_folder

    try:
        with working() as shown:
            done = upscale_folder(
                source, *arguments, recursive=recursive is not False, report=shown.step, advance=shown.share, **options
            )
    except KeyboardInterrupt:
        click.echo("note: What is done stays done; the same command with --resume goes on from there.", err=True)
        raise
    print_notes(done.notes)
    for failure in done.failed:
        click.echo(f"pliant: {failure.source}: {failure.reason}", err=True)
    click.echo(json.dumps(asdict(done), default=str) if as_json else _sentences(done))
    return 1 if done.failed else 0


def _sentences(done: Summary) -> str:
    from pliant.apps.batch.pipeline import per_second

    counts = [f"{done.done:,} upscaled", f"{done.skipped:,} up to date" if done.skipped else ""]
    counts += [f"{len(done.failed):,} failed" if done.failed else ""]
    counts += [f"{done.ignored:,} other file{'s' * (done.ignored > 1)} ignored" if done.ignored else ""]
    speed = f" ({per_second(done.pictures_per_second)} per second)" if done.done else ""
    return (
        f"{done.destination}: {', '.join(count for count in counts if count)}, in {done.seconds:.1f} s{speed} "
        f"({done.model}, {done.engine})"
    )
