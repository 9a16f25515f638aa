"""Ray Data: an actor pool, each actor with one loaded model, fed with portions of pictures as a streaming data set.

Only names of files and what came of them travel through Ray; pictures are read and written by the workers themselves.
What is started for a run listens behind a token that only this process and its workers know, and ends with the run.
"""

from __future__ import annotations

import os
import pickle
import secrets
import shutil
import socket
import sys
import tempfile
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pliant.apps.batch.outcome import sentence
from pliant.apps.batch.worker import Answer, Setup, Worker
from pliant.apps.clusters._processes import ended
from pliant.apps.clusters.base import AUTO, Cluster, Portion, Wanted
from pliant.choosing.machine import machine
from pliant.errors import ClusterError, MissingExtra, PliantError, UsageError
from pliant.imaging.limits import available_memory

PACKAGES = ("ray", "pandas", "pyarrow")
STORE = 128 << 20  # bytes for what travels through Ray on this machine; a model is put there as well
NEED = 400 << 20  # bytes of free memory for each worker on this machine, at least
PATIENCE = 5  # seconds until an address does not answer
RETRIES = 2  # of a portion whose worker was lost
RESTARTS = 20  # of one worker; where it is lost each time, what is left is reported
SILENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}  # the latter complains of Ray Data itself
STDERR = 2
LONGEST = 107  # bytes in the path of a socket
SOCKET = len("/session_2026-01-01_00-00-00_000000_0000000/sockets/plasma_store")
FOLDER, SHORT = "pliant-ray-", "/tmp"
CURRENT = "ray/ray_current_cluster"  # where `ray start` puts down its address, in the folder for temporary files


def check(address: str) -> None:
    """See `Cluster.check`."""
    for package in PACKAGES:
        if find_spec(package) is None:
            raise MissingExtra("--cluster", package, "ray")
    if address != AUTO and not _answers(address):
        raise UsageError(
            f"There is no Ray cluster at {address}: nothing answers there. Give the address that `ray start --head` "
            "shows, such as 10.0.0.5:6379, or --cluster auto for one on this machine."
        )


@contextmanager
def joined(address: str, wanted: Wanted) -> Generator[Crew, None, None]:
    """See `Cluster.open`. A cluster that this process has joined already stays joined."""
    with _joined(address, wanted) as ray, _silent():
        yield Crew(ray, wanted)


class Crew:
    """The actor pool of one run."""

    def __init__(self, ray: Any, wanted: Wanted) -> None:
        self._ray = ray
        cores = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
        if not any(cores):
            raise ClusterError("The Ray cluster has no machine with a processor; see what `ray status` says.")
        self.count = min(wanted.workers or sum(cores), wanted.pictures, sum(cores))
        self.threads = _threads(cores, self.count)

    def answers(self, setup: Setup, portions: Sequence[Portion]) -> Iterator[Answer]:
        """See `Workers.answers`."""
        data: Any = import_module("ray.data")
        there = self._ray.put(pickle.dumps(setup))
        with _quiet(data), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Ray 2.64 will take retries another way, see pyproject.toml
            rows = [{"number": k, "tasks": pickle.dumps(list(tasks))} for k, tasks in enumerate(portions)]
            made = data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                Actor,
                fn_constructor_args=([there],),  # in a list, so that Ray does not fetch it on this side
                batch_size=None,
                compute=data.ActorPoolStrategy(size=min(self.count, len(rows))),
                num_cpus=self.threads,
                max_restarts=RESTARTS,  # an actor that is lost begins anew, on another machine if need be
                max_task_retries=RETRIES,
            )
            seen = set[int]()
            try:
                for row in made.iter_rows():
                    answer: Answer | Refusal = pickle.loads(row["answer"])
                    if isinstance(answer, Refusal):
                        raise ClusterError(f"The workers cannot begin: {answer.reason}")
                    if (number := int(row["number"])) not in seen:
                        seen.add(number)
                        yield answer
            except PliantError:
                raise
            except Exception as error:
                raise ClusterError(f"The workers cannot do it: {_cause(error)}") from error


@dataclass(frozen=True)
class Refusal:
    """Why a worker cannot work, in sentences."""

    reason: str


class Actor:
    """What Ray keeps alive on a worker."""

    def __init__(self, setup: list[Any]) -> None:
        ray: Any = import_module("ray")
        self._worker = _worker(ray.get(setup[0]))

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """Columns `number` and `answer` for columns `number` and `tasks`."""
        worker = self._worker
        found = [worker if isinstance(worker, Refusal) else worker(pickle.loads(tasks)) for tasks in batch["tasks"]]
        return {"number": list(batch["number"]), "answer": [pickle.dumps(answer) for answer in found]}


def _threads(cores: Sequence[int], workers: int) -> int:
    """The most threads for each of some workers, all of which find a place on machines with so many cores."""
    return next((n for n in range(max(cores), 1, -1) if sum(have // n for have in cores) >= workers), 1)


def _worker(setup: bytes) -> Worker | Refusal:
    """Ray would start an actor that raises again and again."""
    try:
        return Worker(pickle.loads(setup))
    except Exception as error:  # noqa: BLE001 - whatever it is, the user has to see it
        return Refusal(sentence(error))


def _imported() -> Any:
    """Ray, which tells nobody that it is used and nothing on the terminal, unless the user has asked for it."""
    for name, value in SILENT.items():
        os.environ.setdefault(name, value)
    return import_module("ray")


def _joined(address: str, wanted: Wanted) -> AbstractContextManager[Any]:
    ray: Any = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():
        return nullcontext(ray)
    where = _running() if address == AUTO else address
    return _started(wanted) if where is None else _connected(where)


@contextmanager
def _connected(address: str) -> Generator[Any, None, None]:
    ray = _imported()
    try:
        with _muted():
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError, ImportError, ray.exceptions.RayError) as error:
        raise UsageError(f"The Ray cluster at {address} cannot be joined: {_cause(error)}") from error
    with _silent():  # until the end: what is stopped is told of as lost
        try:
            yield ray
        finally:
            ray.shutdown()


@contextmanager
def _started(wanted: Wanted) -> Generator[Any, None, None]:
    """A cluster of this machine's cores, behind a token."""
    if "ray" not in sys.modules and "RAY_AUTH_MODE" not in os.environ:  # Ray looks at both once, when it is imported
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    ray, folder = _imported(), Path(tempfile.mkdtemp(prefix=FOLDER, dir=_base()))
    with ExitStack() as silence:
        try:
            _start(ray, folder, wanted)
            silence.enter_context(_silent())
            yield ray
        finally:
            with ended(folder):
                ray.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


def _start(ray: Any, folder: Path, wanted: Wanted) -> None:
    try:
        with _muted():
            ray.init(
                address="local",
                num_cpus=_cores(wanted),
                object_store_memory=STORE,
                include_dashboard=False,
                log_to_driver=False,
                logging_level="ERROR",
                configure_logging=False,
                _temp_dir=str(folder),
            )
    except (OSError, RuntimeError, ValueError) as error:
        raise ClusterError(f"Ray could not start on this machine: {_cause(error)}") from error


def _base() -> str:
    """The folder for temporary files, or /tmp if its path is too long for the sockets that Ray puts there."""
    usual = tempfile.gettempdir()
    longest = len(os.fsencode(usual)) + len(f"/{FOLDER}12345678") + SOCKET
    return usual if longest <= LONGEST or not Path(SHORT).is_dir() else SHORT


@contextmanager
def _muted() -> Generator[None, None, None]:
    """What Ray's own code, which is not Python, writes to the terminal is dropped: that it was told to be silent."""
    usual, kept, nowhere = sys.stderr, os.dup(STDERR), os.open(os.devnull, os.O_WRONLY)
    try:
        with open(os.dup(kept), "w", encoding="utf-8", errors="backslashreplace", buffering=1) as ours:
            os.dup2(nowhere, STDERR)
            if _is_stderr(usual):  # a bar that shows what is being done goes on
                sys.stderr = ours
            yield
    finally:
        sys.stderr = usual
        os.dup2(kept, STDERR)
        os.close(kept)
        os.close(nowhere)


def _is_stderr(stream: Any) -> bool:
    try:
        return stream.fileno() == STDERR
    except (AttributeError, OSError, ValueError):
        return False


def _cores(wanted: Wanted) -> int:
    """Cores for a cluster on this machine: all, or as many as workers were asked for; fewer if memory is short."""
    cores = machine().allowed
    if wanted.workers is not None:
        return max(cores, wanted.workers)
    return max(1, min(cores, available_memory() // NEED))


@contextmanager
def _silent() -> Generator[None, None, None]:
    """Ray tells of each lost worker on stdout, where results belong; what matters of it is in the summary."""
    home: Any = import_module("ray._private.worker")
    usual = getattr(home, "print_to_stdstream", None)
    if usual is None:  # another version of Ray
        yield
        return
    home.print_to_stdstream = _ignore
    try:
        yield
    finally:
        home.print_to_stdstream = usual


def _ignore(*given: object, **named: object) -> None:
    del given, named


@contextmanager
def _quiet(data: Any) -> Generator[None, None, None]:
    """Ray Data says nothing on the terminal, and goes on when a portion is lost; afterwards all is as it was."""
    import logging

    context, logger = data.DataContext.get_current(), logging.getLogger("ray.data")
    chosen = {"enable_progress_bars": False, "print_on_execution_start": False, "max_errored_blocks": -1}
    before = {name: getattr(context, name) for name in chosen}
    console = [handler for handler in logger.handlers if isinstance(handler, logging.StreamHandler)]
    for name, value in chosen.items():
        setattr(context, name, value)
    for handler in console:
        logger.removeHandler(handler)
    try:
        yield
    finally:
        for handler in console:
            logger.addHandler(handler)
        for name, value in before.items():
            setattr(context, name, value)


def _running() -> str | None:
    """The address of a cluster that the user has pointed at, or that runs on this machine."""
    if address := os.environ.get("RAY_ADDRESS"):
        return None if address == "local" else address
    base = os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or SHORT
    try:
        address = (Path(base) / CURRENT).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return address if address and _answers(address) else None


def _answers(address: str) -> bool:
    """Whether something listens at HOST:PORT, perhaps behind ray://; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray:").removeprefix("//").rpartition(":")
    if not (host and port.isdecimal() and int(port) < 1 << 16):
        return False
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except OSError:
        return False
    return True


def _cause(error: BaseException) -> str:
    """The innermost reason of an error of Ray's that says anything, in a sentence, without its traceback."""
    found, at = type(error).__name__, error
    while at is not None:
        lines = [line.strip() for line in str(at).splitlines() if line.strip()]
        found = f"{type(at).__name__}: {lines[-1].partition('. ')[0]}" if lines else found
        at = getattr(at, "cause", None) or at.__cause__ or at.__context__
    return found


CLUSTER = Cluster("ray", check, joined)
