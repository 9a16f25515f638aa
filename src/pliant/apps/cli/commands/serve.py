"""pliant serve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pliant.apps.cli.options import common
from pliant.cores import CALLS, usual_calls
from pliant.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from pliant.apps.server.settings import Settings

ENV = "PLIANT_SERVE_"
CORES = f"[default: one for each core, at most {CALLS}; 1 with --cluster]"
THREADS = "[default: the engine's choice; as many as --workers with --cluster]"


class Amount(click.FloatRange):
    """A number above 0 that is one: neither infinite nor NaN, which no comparison finds."""

    def __init__(self) -> None:
        super().__init__(0, 1e12, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See `click.ParamType`."""
        found = super().convert(value, param, ctx)
        return self.fail(f"{value!r} is not a number above 0.", param, ctx) if found != found else found


def limit(name: str, kind: Any, text: str, default: object, *also: str) -> Any:
    """An option that the environment can set too."""
    flag = f"--{name.replace('_', '-')}"
    return click.option(
        *also, flag, name, type=kind, default=default, show_default=True, envvar=f"{ENV}{name.upper()}", help=text
    )


@click.command()
@limit("host", str, "The address to listen on.", "127.0.0.1")
@limit("port", click.IntRange(0, 65535), "The port; 0 for one that is free, which is then told.", 8000)
@click.option(
    "--tokens-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar=f"{ENV}TOKENS_FILE",
    help="A file with a token on each line, one of which every request must have; or PLIANT_SERVE_TOKENS, with commas.",
)
@click.option(
    "-m", "--model", "models", multiple=True, metavar="NAME|NAME=PATH", envvar=f"{ENV}MODELS",
    help="A model to offer, the first being the default; may be repeated.  [default: all that ship]",
)  # fmt: skip
@limit("engine", str, "What runs the models.", "auto", "-e")
@limit("body_mib", Amount(), "The largest body, in MiB.", 64)
@limit("pixels_in", Amount(), "The largest picture, in megapixels, all frames counted.", 64)
@limit("pixels_out", Amount(), "The largest result, in megapixels, all frames counted.", 256)
@limit("workers", click.IntRange(1), f"How many requests are computed at the same time.  {CORES}", None)
@limit("threads", click.IntRange(1), f"What they compute with together, the cores of a replica.  {THREADS}", None)
@limit("queue", click.IntRange(0), "How many more may wait; others are told to come back.", 16)
@limit("seconds", Amount(), "The most time for one request.", 300)
@limit("idle", Amount(), "The most seconds in which a client sends or takes nothing.", 30)
@limit("connections", click.IntRange(1), "How many clients may be connected; others are told to come back.", 256)
@limit("jobs", click.Path(file_okay=False, path_type=Path), "The folder for jobs.  [default: the system's]", None)
@click.option("--no-jobs", is_flag=True, envvar=f"{ENV}NO_JOBS", help="Offer no jobs, and keep nothing on disk.")
@limit("jobs_queue", click.IntRange(1), "How many jobs may wait; others are told to come back.", 100)
@limit("jobs_gib", Amount(), "What all jobs may have on disk together, in GiB.", 10)
@limit("keep_hours", Amount(), "How long a finished job is kept.", 24)
@click.option(
    "--origin", "origins", multiple=True, metavar="URL", envvar=f"{ENV}ORIGINS",
    help="Another site whose pages may ask this server; may be repeated.  [default: none]",
)  # fmt: skip
@click.option(
    "--cluster", metavar="ADDRESS", envvar=f"{ENV}CLUSTER",
    help='Serve from a Ray cluster; "auto" is the one on this machine, or a new one.  [default: none]',
)  # fmt: skip
@limit("replicas", click.IntRange(1), "With --cluster: the most copies of the server.", 8)
@common
def serve(
    tokens_file: Path | None, models: tuple[str, ...], origins: tuple[str, ...], as_json: bool, **given: Any
) -> int:
    """Upscale pictures behind HTTP, with a page for people at /.

    Every option can be set in the environment too: PLIANT_SERVE_PORT, PLIANT_SERVE_WORKERS. What can be asked is told
    by /openapi.json. Ctrl-C finishes what is being computed, and keeps jobs for the next start. With --json the address
    is a line on stdout as soon as requests are taken.
    """
    try:
        import fastapi  # noqa: F401  # pyright: ignore[reportUnusedImport]
        import uvicorn  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ModuleNotFoundError as error:
        raise MissingExtra("pliant serve", error.name or "fastapi", "serve") from error
    from pliant.apps.server.access import to_stderr
    from pliant.apps.server.app import create_app
    from pliant.apps.server.running import run

    def ready(address: str) -> None:
        click.echo(f"pliant serves on {address}", err=True)
        if as_json:
            click.echo(json.dumps({"url": address}))

    settings = _settings(tokens_file, models, origins, given)
    if given["cluster"] is not None:
        from pliant.apps.server.onray.deployed import deploy

        deploy(settings, given["cluster"], given["replicas"], ready)
        return 0
    app = create_app(settings, at_once=True)
    to_stderr()
    run(app, settings, ready)
    return 0


def _settings(
    tokens_file: Path | None, models: tuple[str, ...], origins: tuple[str, ...], given: dict[str, Any]
) -> Settings:
    from pliant.apps.server.settings import GIB, MIB, MP, Settings, state_folder

    workers = given["workers"] or (usual_calls() if given["cluster"] is None else 1)  # a replica has one core
    return Settings(
        host=given["host"],
        port=given["port"],
        tokens=_tokens(tokens_file),
        models=models,
        engine=given["engine"],
        body=int(given["body_mib"] * MIB),
        pixels_in=int(given["pixels_in"] * MP),
        pixels_out=int(given["pixels_out"] * MP),
        workers=workers,
        threads=given["threads"] or (None if given["cluster"] is None else workers),
        queue=given["queue"],
        seconds=given["seconds"],
        idle=given["idle"],
        connections=given["connections"],
        jobs=None if given["no_jobs"] else given["jobs"] or state_folder(),
        keep=given["keep_hours"] * 3600,
        jobs_queue=given["jobs_queue"],
        jobs_bytes=int(given["jobs_gib"] * GIB),
        origins=origins,
    )


def _tokens(file: Path | None) -> tuple[str, ...]:
    import os

    text = os.environ.get(f"{ENV}TOKENS", "").replace(",", "\n")
    if file is not None:
        text += "\n" + _read(file)
    found = tuple(line.strip() for line in text.splitlines() if line.strip())
    if file is not None and not found:
        raise UsageError(f"{file} has no token in it; write one on a line.")
    return found


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read as text; write one token on a line.") from error


COMMAND = serve
