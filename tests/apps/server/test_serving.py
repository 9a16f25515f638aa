"""The life of a server: what it is told, how it starts, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import click
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from click.testing import CliRunner

from pliant.apps.cli.commands import serve as command
from pliant.apps.cli.main import main
from pliant.apps.server.models import Models
from pliant.apps.server.problems import Problem
from pliant.apps.server.settings import MP, Settings
from pliant.apps.server.spool import Spool
from pliant.apps.server.work import Stopped, Ticket, Work
from pliant.cores import usual_calls
from pliant.errors import InputError, UsageError
from pliant.lowering.whole.later import Later
from pliant.models import DEFAULT
from tests.apps.server.process import running
from tests.apps.server.test_wire import until
from tests.apps.server.wire import Wire
from tests.support import gradient, live_model, save

TOKEN = "a-token-of-some-length"
PATIENCE = 60  # seconds


def told(monkeypatch: pytest.MonkeyPatch, *arguments: str, **environment: str) -> Settings:
    """What `pliant serve` would run with."""
    found: list[Settings] = []
    monkeypatch.setattr("pliant.apps.server.app.create_app", lambda settings, **more: found.append(settings))
    monkeypatch.setattr("pliant.apps.server.running.run", lambda *given: None)
    monkeypatch.setattr("pliant.apps.server.access.to_stderr", lambda: None)
    for name, value in environment.items():
        monkeypatch.setenv(f"PLIANT_SERVE_{name}", value)
    assert main(["serve", *arguments]) == 0
    return found[0]


def test_everything_can_be_set_in_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = {
        "HOST": "0.0.0.0",
        "PORT": "0",
        "MODELS": "srcnn anyscale",
        "ENGINE": "onnxruntime",
        "BODY_MIB": "0.5",
        "PIXELS_IN": "0.25",
        "PIXELS_OUT": "2",
        "WORKERS": "3",
        "THREADS": "5",
        "QUEUE": "0",
        "SECONDS": "1.5",
        "IDLE": "2",
        "CONNECTIONS": "9",
        "JOBS": str(tmp_path),
        "NO_JOBS": "",
        "JOBS_QUEUE": "7",
        "JOBS_GIB": "0.5",
        "KEEP_HOURS": "0.5",
        "ORIGINS": "https://a.example https://b.example:81",
        "TOKENS": f"{TOKEN},{TOKEN}-2",
    }
    elsewhere = {None, "PLIANT_SERVE_CLUSTER", "PLIANT_SERVE_REPLICAS"}  # where the server runs is no setting of it
    names = {option.envvar for option in command.COMMAND.params if isinstance(option, click.Option)} - elsewhere
    assert names == {f"PLIANT_SERVE_{name}" for name in values} - {"PLIANT_SERVE_TOKENS"} | {"PLIANT_SERVE_TOKENS_FILE"}
    got = told(monkeypatch, **values)
    assert got == Settings(
        host="0.0.0.0",
        port=0,
        tokens=(TOKEN, f"{TOKEN}-2"),
        models=("srcnn", "anyscale"),
        engine="onnxruntime",
        body=1 << 19,
        pixels_in=MP // 4,
        pixels_out=2 * MP,
        workers=3,
        threads=5,
        queue=0,
        seconds=1.5,
        idle=2,
        connections=9,
        jobs=tmp_path,
        jobs_queue=7,
        jobs_bytes=1 << 29,
        keep=1800,
        origins=("https://a.example", "https://b.example:81"),
    )
    assert told(monkeypatch, "--workers", "2", **values).workers == 2, "the command line goes first"
    assert TOKEN not in repr(got)


def test_without_options_the_command_has_the_defaults_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch) == Settings(workers=usual_calls())


def test_a_replica_of_a_cluster_has_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has one core."""
    found: list[Settings] = []
    monkeypatch.setattr("pliant.apps.server.onray.deployed.deploy", lambda settings, *given: found.append(settings))
    assert main(["serve", "--cluster", "auto"]) == 0
    assert main(["serve", "--cluster", "auto", "--workers", "3"]) == 0
    assert main(["serve", "--cluster", "auto", "--threads", "2"]) == 0
    assert [(settings.workers, settings.threads) for settings in found] == [(1, 1), (3, 3), (1, 2)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seconds", "nan"), "is not a number above 0"),
        (("--seconds", "inf"), "not in the range"),
        (("--pixels-in", "0"), "not in the range"),
        (("--workers", "1.5"), "not a valid integer"),
        (("--port", "70000"), "not in the range"),
        (("--host", "0.0.0.0"), "would listen on 0.0.0.0 for everybody"),
        (("--origin", "*"), "is no site"),
        (("--origin", "https://a.example/"), "without a path"),
        (("-m", "nothing.onnx"), "There is no file nothing.onnx"),
        (("-m", "srcnn", "-m", "srcnn"), "Two models are called 'srcnn'"),
        (("-m", "a/b=srcnn"), "is no name for a model"),
        (("--tokens-file", os.devnull), "has no token in it"),
    ],
)
def test_what_makes_no_sense(
    arguments: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["serve", "--port", "0", "--jobs", str(tmp_path), *arguments]) == 2
    assert said in " ".join(capfd.readouterr().err.split())


@pytest.mark.parametrize("token", ["short", "with a space in it", "with-é-in-the-middle", "with-a-\ttab-in-the-middle"])
def test_tokens_that_are_none(token: str) -> None:
    with pytest.raises(UsageError, match="fewer than 16 characters"):
        Settings(tokens=(token,))


def test_tokens_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"{TOKEN}\n\n  {TOKEN}-2  \n")
    assert told(monkeypatch, "--tokens-file", str(file)).tokens == (TOKEN, f"{TOKEN}-2")
    file.write_bytes(b"\xff\xfe")
    assert main(["serve", "--tokens-file", str(file)]) == 2


def test_no_token_can_be_given_where_other_users_see_it() -> None:
    shown = CliRunner().invoke(command.COMMAND, ["--help"]).output
    assert "--tokens-file" in shown
    assert "--token " not in shown
    assert "--tokens " not in shown


def test_a_model_that_is_none_ends_the_start(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good, bad = live_model().save(tmp_path / "good.onnx"), tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    assert main(["serve", "--port", "0", "--jobs", str(tmp_path / "jobs"), "-m", str(good), "-m", str(bad)]) == 2
    assert "bad.onnx" in capfd.readouterr().err


def test_a_default_model_that_cannot_be_loaded_ends_the_server(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is a model as far as its file tells, and no engine has its operator."""
    import onnx
    from onnx import TensorProto, helper

    node = helper.make_node("Nothing", ["x"], ["y"], domain="nobody")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "h", "w"]) for name in "xy"]
    graph = helper.make_graph([node], "g", values[:1], values[1:])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("nobody", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), tmp_path / "odd.onnx")
    options = ["--jobs", str(tmp_path / "jobs"), "-m", str(tmp_path / "odd.onnx"), "-e", "onnxruntime"]
    code = "import sys; from pliant.apps.cli.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", "--port", "0", *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("pliant: "), done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_is_taken(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        before = set(Path(tempfile.gettempdir()).glob("*pliant-serve-*"))
        assert main(["serve", "--port", port, "--jobs", str(tmp_path), "-m", "srcnn"]) == 2
    assert "cannot be listened on" in capfd.readouterr().err
    assert set(Path(tempfile.gettempdir()).glob("*pliant-serve-*")) <= before


WAITS = """
import time
from pathlib import Path
from pliant.apps.server import {module} as module
usual = module.{name}
def waits(*given, **named):
    Path({begun!r}).touch()
    while not Path({go!r}).exists():
        time.sleep(0.01)
    return usual(*given, **named)
module.{name} = waits
"""


def test_ready_when_the_default_model_is_loaded(tmp_path: Path) -> None:
    model, begun, go = live_model().save(tmp_path / "live.onnx"), tmp_path / "begun", tmp_path / "go"
    before = WAITS.format(module="models", name="loaded", begun=str(begun), go=str(go))
    with running(tmp_path / "jobs", model, before=before) as server:
        until(begun.exists)
        with server.client() as client:
            assert client.get("/health/live").status_code == 200
            waiting = client.get("/health/ready")
            assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "2")
            go.touch()
            until(lambda: client.get("/health/ready").status_code == 200)
        until(lambda: server.log("ready"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
def test_what_is_computed_when_it_is_told_to_end_is_answered(tmp_path: Path) -> None:
    model, begun, go = live_model().save(tmp_path / "live.onnx"), tmp_path / "begun", tmp_path / "go"
    face = save(tmp_path, "face.png", gradient(24, 18)).read_bytes()
    before = WAITS.format(module="task", name="make", begun=str(begun), go=str(go))
    with running(tmp_path / "jobs", model, before=before) as server, ThreadPoolExecutor() as threads:
        with Wire(server.url) as wire, Wire(server.url) as other:
            wire.request("POST /v1/upscale?factor=2 HTTP/1.1", f"Content-Length: {len(face)}", body=face)
            until(begun.exists)
            # a further request on its way when the signal comes
            other.request("POST /v1/upscale?factor=2 HTTP/1.1", f"Content-Length: {len(face)}", body=face[:9])
            ended = threads.submit(server.end, signal.SIGTERM)
            until(lambda: refuses(server.url))
            other.send(face[9:])
            late = other.answer()
            go.touch()
            assert wire.answer().status == 200
            assert late.problem["status"] == 503
            assert other.ended()
            assert ended.result(PATIENCE) == -signal.SIGTERM
        assert server.log("failed") == []


def refuses(url: str) -> bool:
    try:
        with Wire(url):
            return False
    except ConnectionRefusedError:
        return True


@pytest.mark.skipif(os.name == "nt", reason="Windows holds no folders")
def test_a_killed_server_leaves_its_folder_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = Spool.new()
    code = "import os; from pliant.apps.server.spool import Spool; print(Spool.new().folder); os.kill(os.getpid(), 9)"
    killed = subprocess.run(
        [sys.executable, "-u", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    left = Path(killed.stdout.strip())
    assert left.is_dir()
    assert left.parent == tmp_path
    (left / "picture").touch()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "pliant-serve-link").symlink_to(elsewhere)
    further = Spool.new()
    assert not left.exists()
    assert living.folder.is_dir(), "another server's, which runs"
    assert elsewhere.is_dir()
    assert further.folder.stat().st_mode & 0o777 == 0o700
    for spool in (living, further):
        spool.remove()
        assert not spool.folder.exists()


def test_a_place_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="set TMPDIR to another folder"):
        Spool.new()


def test_a_model_is_loaded_once_however_many_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pliant.apps.server import models

    model, begun = live_model().save(tmp_path / "live.onnx"), []
    usual = models.loaded
    monkeypatch.setattr(models, "loaded", lambda *given: (begun.append(given), usual(*given))[1])
    offered = Models(Settings(models=(str(model),)))
    with ThreadPoolExecutor(8) as threads:
        found = set(map(id, threads.map(lambda _: offered.get(), range(32))))
    assert (len(found), len(begun)) == (1, 1)
    offered.close()


@pytest.mark.filterwarnings("ignore::pliant.stamps.UnverifiedWarning")
def test_no_request_waits_for_what_is_opened_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default model as it is, for calls one after the other and for two at the same time."""
    opened = list[Later]()
    usual = Later.opened
    monkeypatch.setattr(Later, "opened", lambda self: opened.append(self) or usual(self))
    monkeypatch.setattr("pliant.engines.base.allowed", lambda: 2)
    offered = Models(Settings(models=(DEFAULT,), engine="onnxruntime", workers=2))
    session = offered.get().session
    assert len(set(map(id, opened))) == 2
    assert session.several(2) is not session
    offered.close()


def test_a_model_that_breaks_later_is_no_fault_of_the_client(tmp_path: Path) -> None:
    good, bad = live_model().save(tmp_path / "good.onnx"), live_model().save(tmp_path / "bad.onnx")
    offered = Models(Settings(models=(str(good), str(bad))))
    bad.write_bytes(b"no model")
    with pytest.raises(Problem) as refusal:
        offered.get("bad")
    assert refusal.value.status == 500
    assert str(tmp_path) not in refusal.value.detail
    with pytest.raises(InputError):
        offered.load("bad")
    assert offered.get().name == "good"
    offered.close()


class Held:
    """Work that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go, self.undone = Event(), Event(), Event()

    def __call__(self, ticket: Ticket) -> str:
        self.begun.set()
        assert self.go.wait(PATIENCE)
        ticket.step()
        return "done"


def test_work_that_nobody_waits_for_keeps_its_place_until_it_ends() -> None:
    """Or many would be computed at the same time that each were given up."""

    async def scenario() -> None:
        work, first = Work(1, 0), Held()
        waiting = asyncio.create_task(work.run(first, undo=first.undone.set))
        assert await asyncio.to_thread(first.begun.wait, PATIENCE)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not work.accepts
        with pytest.raises(Problem) as refusal:
            work.check()
        assert refusal.value.status == 429
        assert int((refusal.value.headers or {})["Retry-After"]) >= 1
        assert not first.undone.is_set(), "it may still write"
        first.go.set()
        assert await asyncio.to_thread(first.undone.wait, PATIENCE)
        assert await work.run(lambda ticket: 7) == 7
        work.close()

    asyncio.run(scenario())


def test_work_that_has_not_begun_is_taken_back() -> None:
    async def scenario() -> None:
        work, first, second = Work(1, 1), Held(), Held()
        running_ = asyncio.create_task(work.run(first))
        assert await asyncio.to_thread(first.begun.wait, PATIENCE)

        async def gone() -> bool:
            return True

        with pytest.raises(Stopped):
            await work.run(second, gone=gone, undo=second.undone.set)
        assert await asyncio.to_thread(second.undone.wait, PATIENCE)
        with pytest.raises(Problem) as late:
            await work.run(second, seconds=0.01)
        assert late.value.status == 503
        first.go.set()
        assert await running_ == "done"
        assert not second.begun.is_set()
        work.close()
        with pytest.raises(Problem) as closed:
            await work.run(second, undo=second.undone.set)
        assert closed.value.status == 503

    asyncio.run(scenario())


def test_writing_goes_on_beside_the_next() -> None:
    async def scenario() -> None:
        work, first, second = Work(1, 1), Held(), Held()

        def computed(ticket: Ticket) -> str:
            ticket.release()
            ticket.release()  # which changes nothing
            return first(ticket)

        writing = asyncio.create_task(work.run(computed))
        assert await asyncio.to_thread(first.begun.wait, PATIENCE)
        computing = asyncio.create_task(work.run(second))
        assert await asyncio.to_thread(second.begun.wait, PATIENCE)
        assert (work.running, work.accepts) == (1, False), "both count as work"
        first.go.set()
        second.go.set()
        assert (await writing, await computing) == ("done", "done")
        assert (work.running, work.waiting) == (0, 0)
        work.close()

    asyncio.run(scenario())


def test_a_result_does_not_wait_for_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The looks at whether the client is there must add nothing to a request."""
    monkeypatch.setattr("pliant.apps.server.work.PATIENCE", 3600.0)

    async def scenario() -> Any:
        work = Work(1, 0)
        result = await asyncio.wait_for(work.run(lambda ticket: 7), PATIENCE)
        work.close()
        return result

    assert asyncio.run(scenario()) == 7
