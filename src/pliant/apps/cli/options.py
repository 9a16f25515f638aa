"""Options that every command has, and how commands talk to people."""

from __future__ import annotations

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


@contextmanager
def progress() -> Generator[Callable[[str], None] | None, None, None]:
    """A function that shows what is being done now; None unless stderr is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield lambda step: status.update(f"{step[:1].upper()}{step[1:]}…")
