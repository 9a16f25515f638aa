"""Whether the server runs and takes work, for whoever starts and watches it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from pliant.apps.server.examples import LIVE, READY, shown
from pliant.apps.server.service import Service

TEXT = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' own media type


def ROUTES(service: Service) -> APIRouter:  # noqa: N802 - the name by which families are found
    """See the module."""
    router = APIRouter()

    @router.get("/health/live", responses=shown(LIVE), summary="Whether the process runs")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/health/ready", responses=shown(READY), summary="Whether work is taken now")
    async def ready() -> dict[str, str]:
        service.check_ready()
        return {"status": "ready"}

    @router.get("/metrics", response_class=Response, summary="Counters for Prometheus")
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=TEXT)

    return router
