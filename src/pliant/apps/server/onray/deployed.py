"""The same application on a cluster: replicas of it behind Ray Serve, as many as there is work for.

Jobs are kept by one more process, on the machine that has their folder, and done by the replicas.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from threading import Event
from typing import Any

from pliant.apps.clusters.base import Wanted
from pliant.apps.clusters.ray import check, joined
from pliant.apps.server.jobs.store import Store
from pliant.apps.server.models import Models
from pliant.apps.server.settings import Settings
from pliant.errors import ClusterError, MissingExtra, UsageError

NAME, JOBS = "pliant", "pliant-jobs"
PACKAGES = ("ray", "grpc", "opencensus")  # the last two come with ray[serve] alone
STREAMS = 1000  # requests about jobs at the same time; most only wait for news
PATIENCE = 60.0  # seconds until a keeper that does not leave is left alone


@contextmanager
def deployed(settings: Settings, address: str, most: int) -> Generator[str, None, None]:
    """Within the block the server runs on the Ray cluster at `address`; the value is where it listens.

    Each replica has the settings' workers, queue and threads for itself, and a core for each thread; there is one
    replica at least, and up to `most` where requests wait. "auto" takes the cluster that runs on this machine, or
    starts one with its cores. The folder for jobs is one of this machine; the replicas do them, so that no job is lost
    with one of them.

    Raises:
        MissingExtra: Ray Serve is not installed.
        UsageError: there is no cluster at the address, Ray Serve runs there already, or the folder for jobs cannot be
            used.
        InputError: a model is none.
        ClusterError: the server cannot start there.
    """
    for package in PACKAGES:
        if find_spec(package) is None:
            raise MissingExtra("--cluster", package, "ray")
    check(address)
    # what is wrong with these is told here, and not by a process of the cluster
    Models(settings).check()
    if settings.jobs is not None:
        Store(settings.jobs).close()
    with joined(address, Wanted(None, most)), _serve() as serve:
        _check_free(serve)
        _check_cores(settings.threads or 1)
        serve.start(proxy_location="EveryNode", http_options={"host": settings.host, "port": settings.port})
        try:
            _run(serve, settings, most)
            yield f"http://{settings.host}:{settings.port}"
        finally:
            if settings.jobs is not None:
                _leave(serve)
            serve.shutdown()  # which lets replicas finish what they compute


def deploy(settings: Settings, address: str, most: int, report: Callable[[str], None]) -> None:
    """Run the server on a cluster until SIGINT or SIGTERM; `report` is told where it listens. Raises as `deployed`.

    What the replicas compute then is finished. SIGTERM ends the process when all is done, as it would at once.
    """
    terminated = Event()
    with deployed(settings, address, most) as url:
        # now, not before: Ray has put a handler of its own there
        signal.signal(signal.SIGTERM, lambda number, frame: terminated.set())
        report(url)
        terminated.wait()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.raise_signal(signal.SIGTERM)


def _check_free(serve: Any) -> None:
    """Ray Serve listens at one address, and ends with all that it serves: it cannot be shared with others."""
    status = serve.status()
    if status.proxies:
        found = ", ".join(repr(name) for name in status.applications) or "nothing"
        raise UsageError(
            f"Ray Serve runs on this cluster already, and serves {found}. End it with `serve shutdown`, or give the "
            "address of another cluster."
        )


def _check_cores(threads: int) -> None:
    """Ray would wait for ever for a machine on which a replica has a place."""
    ray: Any = import_module("ray")
    most = max(int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"])
    if threads > most:
        raise UsageError(f"A replica needs {threads} cores, but no machine of the cluster has more than {most}.")


@contextmanager
def _serve() -> Generator[Any, None, None]:
    """Ray Serve, which would tell of each of its steps on the terminal; what fails is still told, once and by us."""
    serve, logger = import_module("ray.serve"), logging.getLogger("ray.serve")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield serve
    finally:
        logger.setLevel(before)


def _run(serve: Any, settings: Settings, most: int) -> None:
    try:
        serve.run(_replicas(serve, settings, most), name=NAME, route_prefix="/")
        if settings.jobs is not None:
            serve.run(_keeper(serve, settings, most), name=JOBS, route_prefix="/v1/jobs")
    except RuntimeError as error:
        raise ClusterError(f"The server cannot start on the cluster: {_why(serve) or error}") from error


def _why(serve: Any) -> str:
    """What the processes that could not start have said last."""
    parts = [part for app in serve.status().applications.values() for part in app.deployments.values()]
    lines = [line.strip() for part in parts for line in part.message.splitlines() if ": " in line]
    kind, _, said = lines[-1].partition(": ") if lines else ("", "", "")
    return said if kind.startswith("pliant.errors.") else f"{kind}: {said}" if kind else ""


def _leave(serve: Any) -> None:
    """End the keeper first: what the replicas do for it goes back into the folder."""
    with suppress(Exception):  # whatever is wrong with it, it is ended
        serve.get_app_handle(JOBS).leave.remote().result(timeout_s=PATIENCE)
    with suppress(Exception):
        serve.delete(JOBS)


def _replicas(serve: Any, settings: Settings, most: int) -> Any:
    def build() -> Any:
        from pliant.apps.server.access import to_stderr
        from pliant.apps.server.app import create_app
        from pliant.apps.server.onray.replica import Replica
        from pliant.apps.server.service import Part

        to_stderr()
        app = create_app(settings, part=Part(keeps_jobs=False))
        Replica.service = app.state.service
        app.state.service.models.load(app.state.service.models.default)  # here, Ray Serve can tell why it cannot be
        return app

    from pliant.apps.server.onray.replica import Replica

    options: dict[str, Any] = {
        "name": NAME,
        # the replica itself refuses what is too much, with the status and the seconds to wait that clients know
        "max_ongoing_requests": 4 * (settings.workers + settings.queue),
        "autoscaling_config": {"min_replicas": 1, "max_replicas": most, "target_ongoing_requests": settings.workers},
        "ray_actor_options": {"num_cpus": settings.threads or 1},
        "graceful_shutdown_timeout_s": settings.seconds,
    }
    return serve.deployment(**options)(serve.ingress(build)(Replica)).bind()


def _keeper(serve: Any, settings: Settings, most: int) -> Any:
    calls = most * settings.workers

    def build() -> Any:
        from pliant.apps.server.access import to_stderr
        from pliant.apps.server.onray.keeper import keeping

        to_stderr()
        return keeping(settings, NAME, calls)

    from pliant.apps.server.onray.keeper import Keeper

    options: dict[str, Any] = {
        "name": JOBS,
        "num_replicas": 1,
        "max_ongoing_requests": STREAMS,
        "ray_actor_options": {"num_cpus": 0, "resources": _here()},
    }
    return serve.deployment(**options)(serve.ingress(build)(Keeper)).bind()


def _here() -> dict[str, float]:
    """What only this machine of the cluster has: Ray's own name of it."""
    ray: Any = import_module("ray")
    own = ray.get_runtime_context().get_node_id()
    names = next(node["Resources"] for node in ray.nodes() if node["NodeID"] == own)
    return {name: 0.001 for name in names if name.startswith("node:") and name != "node:__internal_head__"}
