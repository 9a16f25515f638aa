"""What the documents say about the server is so: their examples run, and their table of options is the command's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path

import click
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from pliant.apps.cli.commands.serve import COMMAND
from pliant.models import DEFAULT, path
from tests.apps.server.process import Process, running
from tests.support import gradient, save

ROOT = Path(__file__).parents[3]
DOCUMENTS = (ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("serve*.md")))
BLOCK = re.compile(r"^```(?:bash|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE = 300  # seconds for one block


def blocks() -> list[tuple[str, str]]:
    """Those with curl, and where each stands."""
    return [
        (f"{document.name}:{text.count(chr(10), 0, found.start()) + 1}", found[1])
        for document in DOCUMENTS
        for text in [document.read_text(encoding="utf-8")]
        for found in BLOCK.finditer(text)
        if "curl " in found[1]
    ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Process]:
    """With the model that ships as the default."""
    folder = tmp_path_factory.mktemp("documents")
    with running(folder / "jobs", path(DEFAULT), "-m", DEFAULT) as process:
        yield process


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="there is no curl, or no bash")
@pytest.mark.parametrize(("place", "block"), blocks(), ids=[place for place, _ in blocks()])
def test_examples_with_curl(place: str, block: str, server: Process, tmp_path: Path) -> None:
    save(tmp_path, "face.png", gradient(40, 30))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "URL": server.url, "TOKEN": "no-token-is-asked-for"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, (place, done.stdout[-500:], done.stderr)
    for made in re.findall(r"(?:-o|--output) (?!/)(\S+)", block):
        assert (tmp_path / made).stat().st_size > 0
    assert server.log("failed") == []


def test_there_are_examples() -> None:
    assert {place.split(":")[0] for place, _ in blocks()} >= {"serve.md", "serve_jobs.md"}


def table() -> list[str]:
    """The options of the command as rows."""
    rows: list[str] = []
    for option in COMMAND.params:
        assert isinstance(option, click.Option)
        if option.envvar is None:  # those that every command has
            continue
        names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len))
        told = re.search(r"\[default: (.*)\]", option.help or "")
        default = told[1] if told else str(option.default) if option.show_default else "-"
        text = re.sub(r"\s*\[default: .*\]", "", option.help or "").strip()
        rows.append(f"| {names} | `{option.envvar}` | {default} | {text} |")
    return rows


def test_the_table_of_options() -> None:
    text = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    found = [line for line in text.splitlines() if line.startswith("| `-")]
    assert found == table(), "\n".join(["docs/serve.md needs these rows:", *table()])


def test_the_table_of_statuses() -> None:
    """Every status that OpenAPI tells of is explained."""
    from pliant.apps.server.problems import RESPONSES

    text = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    found = {int(number) for number in re.findall(r"^\| (\d{3}) \|", text, re.MULTILINE)}
    assert set(RESPONSES) <= found
