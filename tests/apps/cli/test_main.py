from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from pliant import registry
from pliant.apps.cli import main as home
from pliant.apps.cli.main import COMMANDS, main
from pliant.errors import ExportError, UsageError

NAMES = registry.names(COMMANDS)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_complete(name: str) -> None:
    """A new command is tested by being there."""
    command = registry.load(COMMANDS, name, "COMMAND", extra="export")
    assert isinstance(command, click.Command)
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "-v", "--verbose"} <= options
    assert command.get_short_help_str()
    assert all(isinstance(p, click.Argument) or getattr(p, "help", None) for p in command.params)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name.rstrip('_')} " in shown for name in NAMES)


@pytest.mark.parametrize("arguments", [["nothing"], ["upscale", "a.png", "--nothing"], ["engines", "extra"]])
def test_bad_usage(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(arguments) == 2
    assert "Error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (UsageError("Two\nlines."), 2, "pliant: Two lines.\n"),
        (ExportError("The check failed."), 1, "pliant: The check failed.\n"),
        (MemoryError(), 2, "pliant: Out of memory; use a smaller factor or picture.\n"),
        (KeyboardInterrupt(), 130, "pliant: interrupted.\n"),
        (click.Abort(), 130, "pliant: interrupted.\n"),
    ],
)
def test_errors_and_statuses(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    message: str,
) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(home.Commands, "get_command", lambda *args: failing)
    assert main(["failing"]) == status
    assert capsys.readouterr().err.removeprefix("\n") == message


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def failing() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(home.Commands, "get_command", lambda *args: failing)
    with pytest.raises(ZeroDivisionError):
        main(["failing"])


def test_verbose_shows_where_an_error_comes_from(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["upscale", str(tmp_path / "a.png")]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert main(["upscale", str(tmp_path / "a.png"), "-v"]) == 2
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert error.splitlines()[-1].startswith("pliant: There is no file")


def test_as_a_program(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pliant", "inspect", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"pliant: {tmp_path} is a folder; give the path of an ONNX model.\n"


def test_a_reader_that_goes_away(live: Path) -> None:
    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; '{sys.executable}' -m pliant inspect '{live}' | true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
