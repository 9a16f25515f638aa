"""The same application on a cluster: replicas of it behind Ray Serve, as many as there is work for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

from pliant.apps.server.settings import Settings
from pliant.errors import MissingExtra, UsageError

NAME = "pliant"
LOCAL = "auto"


def deploy(settings: Settings, address: str, most: int, report: Callable[[str], None], *, wait: bool = True) -> None:
    """Run the server on the Ray cluster at `address` until interrupted, or until `stop` if not `wait`.

    Each replica has the settings' workers and queue for itself; there is one replica at least, and up to `most` where
    requests wait. "auto" takes the cluster that runs on this machine, and starts one if there is none.

    Raises:
        MissingExtra: Ray is not installed.
        UsageError: there is no cluster at the address.
    """
    ray, serve = _ray()
    _connect(ray, address)
    serve.start(proxy_location="EveryNode", http_options={"host": settings.host, "port": settings.port})
    serve.run(_application(serve, settings, most), name=NAME, route_prefix="/")
    report(f"pliant serves on http://{settings.host}:{settings.port}, from up to {most} replicas")
    if not wait:
        return
    try:
        _until_interrupted()
    finally:
        stop()


def stop() -> None:
    """End the replicas; what they compute is finished first."""
    _, serve = _ray()
    serve.delete(NAME)
    serve.shutdown()


def _application(serve: Any, settings: Settings, most: int) -> Any:
    # a folder of jobs belongs to one server: replicas have none, and say so
    own = replace(settings, jobs=None)

    def build() -> Any:
        from pliant.apps.server.access import to_stderr
        from pliant.apps.server.app import create_app

        to_stderr()
        return create_app(own)

    options = {
        "name": NAME,
        # the replica itself refuses what is too much, with the status and the seconds to wait that clients know
        "max_ongoing_requests": 4 * (settings.workers + settings.queue),
        "autoscaling_config": {"min_replicas": 1, "max_replicas": most, "target_ongoing_requests": settings.workers},
        "ray_actor_options": {"num_cpus": 1},
        "graceful_shutdown_timeout_s": settings.seconds,
    }
    return serve.deployment(**options)(serve.ingress(build)()).bind()


def _connect(ray: Any, address: str) -> None:
    if ray.is_initialized():
        return
    try:
        ray.init(address=address)
    except ConnectionError as error:
        if address != LOCAL:
            raise UsageError(f"There is no Ray cluster at {address}; start one with: ray start --head.") from error
        ray.init(include_dashboard=False)


def _ray() -> tuple[Any, Any]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    try:
        return import_module("ray"), import_module("ray.serve")
    except ModuleNotFoundError as error:
        raise MissingExtra("A cluster", error.name or "ray", "ray") from error


def _until_interrupted() -> None:
    from threading import Event

    Event().wait()
