"""GET /v1/plan: what a picture would become, without computing it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from pliant.apps.server.bodies import single
from pliant.apps.server.examples import PLAN, shown
from pliant.apps.server.models import Offered
from pliant.apps.server.service import Service
from pliant.apps.server.task import check_place, check_sizes
from pliant.apps.server.wishes import Asked
from pliant.imaging.cost import GUESS
from pliant.imaging.facts import known_cost
from pliant.imaging.limits import BYTES_PER_PIXEL
from pliant.imaging.sizes import Plan
from pliant.imaging.upscaling import USUAL
from pliant.media.formats import by_name

MOST = 10**9  # pixels of a side


def ROUTES(service: Service) -> APIRouter:  # noqa: N802 - the name by which families are found
    """See the module."""
    router = APIRouter()

    @router.get("/v1/plan", responses=shown(PLAN), summary="A dry run")
    async def plan(
        request: Request,
        width: int = Query(ge=1, le=MOST, examples=[256]),
        height: int = Query(ge=1, le=MOST, examples=[256]),
        factor: str | None = Query(None, examples=["2.7"]),
        size: str | None = Query(None, examples=["1920x"]),
        format: str = Query("png", examples=["png"]),  # noqa: A002 - what clients call it
        model: str | None = Query(None, examples=["anyscale"]),
    ) -> dict[str, Any]:
        """Sizes are [width, height]; `memory` is in bytes, about; `seconds` is null where nothing was measured yet."""
        single(request.query_params.multi_items())
        given = {"factor": factor, "size": size, "format": format, "model": model}
        asked = Asked.of({name: value for name, value in given.items() if value})
        return await run_in_threadpool(_planned, service, asked, (width, height))

    return router


def _planned(service: Service, asked: Asked, source: tuple[int, int]) -> dict[str, Any]:
    offered = service.models.get(asked.model)
    planned = asked.wish.planned(offered.network, source)
    check_sizes(planned, service.settings)
    check_place(planned, service.spool, by_name(asked.wish.format or "png"))
    return {
        "source_size": planned.source,
        "result_size": planned.result,
        "factor": planned.factor,
        "model": offered.name,
        "engine": offered.session.engine,
        **_cost(offered, planned),
        "notes": planned.notes,
    }


def _cost(offered: Offered, planned: Plan) -> dict[str, Any]:
    """Bytes and seconds. What does not fit is computed in tiles, for which the rest of the process leaves room."""
    computed, result = (width * height for width, height in (planned.computed, planned.result))
    cost = known_cost(offered.network, planned.factor)
    work = GUESS * computed if cost is None else cost.bytes_once + cost.bytes_per_pixel * computed
    seconds = None if cost is None else cost.seconds(computed)
    return {"memory": int(BYTES_PER_PIXEL * result + min(work, USUAL)), "seconds": seconds}
