"""The same application on a cluster: replicas of it behind Ray Serve, as many as there is work for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from threading import Event
from typing import Any

from pliant.apps.clusters.base import Wanted
from pliant.apps.clusters.ray import check, joined
from pliant.apps.server.settings import Settings
from pliant.errors import MissingExtra

NAME = "pliant"
PACKAGES = ("ray", "grpc", "opencensus")  # the last two come with ray[serve] alone


@contextmanager
def deployed(settings: Settings, address: str, most: int) -> Generator[str, None, None]:
    """Within the block the server runs on the Ray cluster at `address`; the value is where it listens.

    Each replica has the settings' workers and queue for itself; there is one replica at least, and up to `most` where
    requests wait. "auto" takes the cluster that runs on this machine, or starts one. A folder of jobs belongs to one
    server, so replicas keep none, and say so.

    Raises:
        MissingExtra: Ray Serve is not installed.
        UsageError: there is no cluster at the address.
    """
    for package in PACKAGES:
        if find_spec(package) is None:
            raise MissingExtra("--cluster", package, "ray")
    check(address)
    with joined(address, Wanted(most, most)):
        serve: Any = import_module("ray.serve")
        serve.start(proxy_location="EveryNode", http_options={"host": settings.host, "port": settings.port})
        try:
            serve.run(_application(serve, settings, most), name=NAME, route_prefix="/")
            yield f"http://{settings.host}:{settings.port}"
        finally:
            serve.shutdown()  # which lets replicas finish what they compute


def deploy(settings: Settings, address: str, most: int, report: Callable[[str], None]) -> None:
    """Run the server on a cluster until it is interrupted; `report` is told where it listens. Raises as `deployed`."""
    with deployed(settings, address, most) as url:
        report(url)
        Event().wait()


def _application(serve: Any, settings: Settings, most: int) -> Any:
    own = replace(settings, jobs=None)

    def build() -> Any:
        from pliant.apps.server.access import to_stderr
        from pliant.apps.server.app import create_app

        to_stderr()
        return create_app(own)

    options: dict[str, Any] = {
        "name": NAME,
        # the replica itself refuses what is too much, with the status and the seconds to wait that clients know
        "max_ongoing_requests": 4 * (settings.workers + settings.queue),
        "autoscaling_config": {"min_replicas": 1, "max_replicas": most, "target_ongoing_requests": settings.workers},
        "ray_actor_options": {"num_cpus": 1},
        "graceful_shutdown_timeout_s": settings.seconds,
    }
    return serve.deployment(**options)(serve.ingress(build)()).bind()
