"""Options that every command has, and how commands talk to people."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass
class State:
    """What one run of the command line remembers."""

    verbose: bool = False


def common(command: Function) -> Function:
    """Add `--json`, which the function gets as `as_json`, and `-v`, which shows where an error comes from."""
    command = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(command)
    return click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_set_verbose,
        help="Show where an error comes from.",
    )(command)


def _set_verbose(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    del parameter
    if value:
        context.ensure_object(State).verbose = True


def pairs(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """NAME=TEXT options as a dictionary. Raises click.BadParameter for one without a name."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise click.BadParameter(f"{text!r} is not NAME=VALUE.", context, parameter)
        found[name] = value
    return found


def print_notes(notes: Iterable[str]) -> None:
    """One line for each on stderr, where they do not disturb a script that reads the result."""
    for note in notes:
        click.echo(f"note: {note}", err=True)


def engine_options(command: Function) -> Function:
    """Add `--engine`, `--precision` and `--max-error`, which the function gets as `pliant.load` takes them."""
    options = (
        click.option(
            "--engine", default="auto", show_default=True, help="What runs the model; see: pliant engines --why."
        ),
        click.option(
            "--precision",
            type=click.Choice(["f32", "fast", "bf16", "f16", "int8"]),
            help="What the model computes in; fast: whichever is fastest and off by little.  [default: f32, exact]",
        ),
        click.option(
            "--max-error",
            type=click.FloatRange(min=0, min_open=True),
            metavar="LEVELS",
            help="Grey levels that another precision may be off.  [default for fast: 4]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def parse_memory(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """2G, 1.5GiB or 800M in bytes; a number alone is in bytes. Raises click.BadParameter for anything else."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?", text.strip().upper())
    if not match or not float(match[1]):
        raise click.BadParameter(f"{text!r} is no amount of memory; give for example 2G or 800M.", context, parameter)
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2] or " "))


def parse_size(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    """1920x1080, 1920x or x1080 as (width, height), with None for the side left out.

    Raises click.BadParameter for anything else.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d*)[xX*](\d*)", text)
    if not match or not (match[1] or match[2]):
        raise click.BadParameter(
            f"{text!r} is no size; give for example 1920x1080, 1920x or x1080.", context, parameter
        )
    return tuple(int(side) if side else None for side in match.groups())


@dataclass
class Shown:
    """What a command shows while it works: `step` takes a few words, `share` the part that is done, 0 to 1.

    Both are None unless stderr is a terminal.
    """

    step: Callable[[str], None] | None = None
    share: Callable[[float], None] | None = None


@contextmanager
def progress() -> Generator[Callable[[str], None] | None, None, None]:
    """A function that shows what is being done now; None unless stderr is a terminal."""
    with working() as shown:
        yield shown.step


@contextmanager
def working() -> Generator[Shown, None, None]:
    """Show what is being done now; and a bar with the time that is left, as soon as a share of it is known."""
    if not sys.stderr.isatty():
        yield Shown()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield Shown(
            lambda step: bar.update(task, description=f"{step[:1].upper()}{step[1:]}"),
            lambda share: bar.update(task, total=1.0, completed=share),
        )
