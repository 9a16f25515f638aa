"""GET /v1/models: what can be asked for, and the files for those who compute themselves."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from pliant.apps.server.examples import MODEL, MODELS, TILES, Name, shown
from pliant.apps.server.models import Offered
from pliant.apps.server.problems import Problem
from pliant.apps.server.results import Sent
from pliant.apps.server.service import Service
from pliant.imaging.facts import locality_of
from pliant.imaging.locality import measured

Factor = Annotated[float | None, Query(gt=0, allow_inf_nan=False, examples=[2.7])]


def ROUTES(service: Service) -> APIRouter:  # noqa: N802 - the name by which families are found
    """See the module."""
    router, models = APIRouter(prefix="/v1/models"), service.models

    @router.get("", responses=shown(MODELS), summary="All models")
    async def everything() -> dict[str, list[dict[str, Any]]]:
        """Without those that cannot be loaded; the server's log tells why."""
        return {"models": [facts for name in models.paths if (facts := await run_in_threadpool(_known, service, name))]}

    @router.get("/{name}", responses=shown(MODEL), summary="One model, with its contract")
    async def one(name: Name) -> dict[str, Any]:
        return await run_in_threadpool(lambda: _facts(service, models.get(name)))

    @router.get("/{name}/file", response_class=Response, summary="The ONNX file")
    async def file(name: Name) -> Sent:
        """Whole, or the part that the header Range asks for."""
        offered = await run_in_threadpool(models.get, name)
        return Sent(offered.path, "application/octet-stream", {"Cache-Control": "no-cache"})  # ask, by its ETag

    @router.get("/{name}/tiles", responses=shown(TILES), summary="How far the network looks")
    async def tiles(request: Request, name: Name, factor: Factor = None) -> dict[str, Any]:
        """In pixels of the source: tiles with `radius` around them, cut at multiples of `step`, equal the whole."""
        return await service.work.run(
            lambda ticket: _tiles(models.get(name), factor), service.settings.seconds, request.is_disconnected
        )

    return router


def _known(service: Service, name: str) -> dict[str, Any] | None:
    try:
        return _facts(service, service.models.get(name))
    except Problem:
        return None


def _facts(service: Service, offered: Offered) -> dict[str, Any]:
    network, contract = offered.network, offered.session.contract
    return {
        "name": offered.name,
        "default": offered.name == service.models.default,
        "engine": offered.session.engine,
        "factor": {**asdict(network.factors), "default": network.default_factor, "live": network.factor is not None},
        "contract": json.loads(contract.to_json()),
        "bytes": offered.path.stat().st_size,
        "file": f"/v1/models/{offered.name}/file",
    }


def _tiles(offered: Offered, factor: float | None) -> dict[str, Any]:
    network = offered.network
    used = network.at_least(network.default_factor if factor is None else network.rounded(factor))
    found = network.once("locality", used, lambda: locality_of(network, used, lambda: measured(network, used)))
    return {"radius": list(found.radius), "step": found.step, "exact": found.exact, "factor": used}
