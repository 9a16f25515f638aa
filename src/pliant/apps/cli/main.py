"""Entry point of the command `pliant`."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from keyword import iskeyword
from typing import Any

import click

from pliant.apps.cli.options import State
from pliant.errors import ExportError, PliantError, UnverifiedWarning
from pliant.registry import load, names
from pliant.version import VERSION

COMMANDS = "pliant.apps.cli.commands"
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
BAD_INPUT = 2


class Commands(click.Group):
    """Finds commands by file name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, sorted. A file whose name Python keeps for itself has an underscore behind it."""
        del ctx
        return [name.rstrip("_") for name in names(COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None if there is no such file."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return load(COMMANDS, cmd_name + "_" * iskeyword(cmd_name), "COMMAND", extra="export")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION)
def cli() -> None:
    """Ship PyTorch super-resolution models as ONNX, and upscale pictures with them.

    Try: pliant upscale face.png -s 4
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    0: done. 1: a check failed, with the reason on stderr. 2: bad usage or input, with one sentence on stderr. 130:
    interrupted. What is not expected is a defect of pliant and raises.
    """
    state = State()
    try:
        with _told():
            status = cli.main(arguments, prog_name="pliant", standalone_mode=False, obj=state)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except PliantError as error:
        return _report(error, str(error), error.exit_status, state)
    except MemoryError as error:
        return _report(error, "Out of memory; use a smaller factor or picture.", BAD_INPUT, state)
    except (click.Abort, KeyboardInterrupt):
        click.echo("pliant: interrupted.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has gone; Python would complain when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status if isinstance(status, int) else 0


@contextmanager
def _told() -> Generator[None]:
    """Within the block, our own warnings are one line each on stderr, once; others are shown as Python does."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", UnverifiedWarning)
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
            if issubclass(category, UnverifiedWarning):
                click.echo(f"warning: {message}", err=True)
            else:
                usual(message, category, *place)

        warnings.showwarning = show
        yield


def _report(error: BaseException, text: str, status: int, state: State) -> int:
    if state.verbose:
        click.echo("".join(traceback.format_exception(error)), err=True)
    sentence = text if isinstance(error, ExportError) else " ".join(text.split())  # a refusal has lines to be read
    click.echo(f"pliant: {sentence}", err=True)
    return status
