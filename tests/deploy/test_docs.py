"""docs/deploy.md: what it says can be executed here is executed, and gives what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pliant
from tests.deploy.files import ROOT

TEXT = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_the_commands_do_what_is_shown(tmp_path: Path) -> None:
    commands = re.findall(r"<!-- executed -->\n```sh\n(.*?)```", TEXT, re.S)
    assert len(commands) == 2
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, started in (("pliant", "-m pliant"), ("python3", "")):
        (tools / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {started} "$@"\n')
        (tools / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(pliant.__file__).parent.parent),
    }
    for command in commands:
        subprocess.run(["sh", "-ec", command], cwd=tmp_path, env=environment, check=True, timeout=240)
    tokens = tmp_path / "tokens"
    assert len(tokens.read_text().strip()) >= 16
    assert tokens.stat().st_mode & 0o077 == 0
    (shown,) = re.findall(r"```\n(# Written by pliant.*?)```", TEXT, re.S)
    assert (tmp_path / "models" / "anyscale" / "config.pbtxt").read_text() == shown


def test_files_that_it_names_are_there() -> None:
    links = re.findall(r"\]\((\.\./[^)#]+)\)", TEXT)
    named = re.findall(r"deploy/[\w.]+", TEXT)
    assert len(links) > 5
    missing = [n for n in {*(f"docs/{link}" for link in links), *named} if not (ROOT / n).exists()]
    assert set(missing) <= {"deploy/tokens"}  # which the reader makes
